from __future__ import annotations

from typing import Any

import pytest

from gridle.market.protocol.errors import GridleError, InvalidInputError, RefusedError
from gridle.market.protocol.job_messages import JobSubmission
from gridle.market.protocol.manifest import WasmRuntime
from gridle.market.service.errors import ConflictError, UnfundedError
from gridle.market.service.usecases import submission
from tests.fakes.market_chain import FakeDelegation
from tests.rigs.market_inside import CLIENT_KEY, START, Inside


def _submit(inside: Inside, key: str = CLIENT_KEY, **changes: Any) -> str:  # noqa: ANN401 - fields of the order
    order = inside.order(inside.manifest(tasks=2), **changes)
    return submission.submit(inside.market, key, JobSubmission(order)).job_id


def test_the_same_order_makes_one_job_even_when_it_is_old(inside: Inside) -> None:
    order = JobSubmission(inside.order(inside.manifest()))
    first = submission.submit(inside.market, CLIENT_KEY, order)
    inside.clock += 10_000
    assert submission.submit(inside.market, CLIENT_KEY, order).job_id == first.job_id


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"valid_until": int(START) - 1}, RefusedError),
        ({"budget_units": 19}, InvalidInputError),
        ({"manifest_sha256": "00" * 32}, ConflictError),
        ({"payer": "0x" + "09" * 20}, RefusedError),
    ],
)
def test_a_wrong_order_is_refused(
    inside: Inside, changes: dict[str, Any], error: type[GridleError]
) -> None:
    with pytest.raises(error):
        _submit(inside, **changes)


def test_another_key_does_not_speak_for_the_payer(inside: Inside) -> None:
    with pytest.raises(RefusedError):
        _submit(inside, key="dd" * 32)


def test_a_job_whose_module_is_missing_is_refused(inside: Inside) -> None:
    order = inside.order(inside.manifest(runtime=WasmRuntime("00" * 32)))
    with pytest.raises(ConflictError):
        submission.submit(inside.market, CLIENT_KEY, JobSubmission(order))


def test_a_deposit_is_not_promised_twice(inside: Inside) -> None:
    inside.hub.balances[inside.wallet.address] = 35
    inside.submit(tasks=2)
    with pytest.raises(UnfundedError, match="5 more units"):
        inside.submit(tasks=2, price_units=10, title="Another")


@pytest.mark.parametrize(
    "delegation",
    [
        FakeDelegation(19, 0, int(START) + 10**6),
        FakeDelegation(100, 90, int(START) + 10**6),
        FakeDelegation(100, 0, int(START) + 3599),
        FakeDelegation(),
    ],
)
def test_an_appointment_that_does_not_cover_it_is_refused(
    inside: Inside, delegation: FakeDelegation
) -> None:
    pair = (inside.wallet.address, inside.market.delegate.address)
    inside.hub.delegations[pair] = delegation
    with pytest.raises(UnfundedError):
        _submit(inside)


def test_a_payer_that_leaves_gets_no_work_done(inside: Inside) -> None:
    inside.hub.exits[inside.wallet.address] = int(START) + 10**6
    with pytest.raises(UnfundedError):
        _submit(inside)
