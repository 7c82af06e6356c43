"""A task's whole way over HTTP, onto a real chain, and through a kill."""

from __future__ import annotations

import hashlib
import itertools

import msgspec
import pytest
import requests

from gridle.market.protocol import routes
from gridle.market.protocol.messages import LeaseRequest, Redemption, Verdict
from gridle.market.protocol.signing import sign_request
from gridle.market.protocol.states import JobState, TaskState
from tests.rigs.market_process import MarketRig, payout_of, wait_for

_NUMBERS = itertools.count(1)


@pytest.fixture
def number() -> int:
    return next(_NUMBERS)


def test_a_task_is_leased_delivered_accepted_and_paid_on_chain(rig: MarketRig, number: int) -> None:
    customer = rig.customer(number, deposit_units=1_000)
    node = rig.provider(number)
    job = customer.submit(tasks=2, price_units=30)
    assert customer.account().reserved_units == 60

    leases = node.lease(slots=2, wait_s=5).leases
    assert [lease.task_index for lease in leases] == [0, 1]
    for lease in leases:
        assert lease.order.is_signed_by_payer(customer.domain)
        result = node.deliver(lease, b"result %d" % lease.task_index)
        assert customer.judge(job.job_id, lease.task_id, result, accepted=True).counted

    page = node.settlements()
    verdicts = [each for each in page.settlements if isinstance(each, Verdict)]
    vouchers = [each.voucher for each in verdicts if each.voucher is not None]
    assert [each.voucher.cumulative_units for each in vouchers] == [30, 60]
    assert all(each.is_signed_by_signer(customer.domain) for each in vouchers)

    payout = payout_of(2000 + number)
    wait_for("pay", lambda: rig.hub.token_balance_units(payout) == 60)
    wait_for(
        "redemption",
        lambda: any(
            isinstance(each, Redemption) and each.claimed_units == 60 and each.tx_hash
            for each in node.settlements(wait_s=1).settlements
        ),
    )
    detail = customer.job(job.job_id)
    assert detail.status.state is JobState.FINISHED
    assert {task.state for task in detail.tasks} == {TaskState.AWARDED}
    assert [task.cumulative_units for task in detail.tasks] == [30, 60]
    account = customer.account()
    assert (account.balance_units, account.reserved_units) == (940, 0)


def test_a_killed_market_goes_on_where_it_was_and_pays_once(rig: MarketRig, number: int) -> None:
    customer = rig.customer(number, deposit_units=100)
    node = rig.provider(number)
    job = customer.submit(tasks=1, price_units=70)
    lease = node.lease(wait_s=5).leases[0]
    result = node.deliver(lease, b"finished before the kill")
    customer.judge(job.job_id, lease.task_id, result, accepted=True)
    rig.market.end(kill=True)
    rig.start_market()
    node.url = customer.url = rig.url
    payout = payout_of(2000 + number)
    wait_for("pay", lambda: rig.hub.token_balance_units(payout) == 70)
    wait_for("redemption", lambda: len(node.settlements(wait_s=1).settlements) == 2)
    assert not customer.judge(job.job_id, lease.task_id, result, accepted=True).counted
    assert customer.account().balance_units == 30


def test_a_worker_that_went_away_in_its_long_poll_is_given_nothing(
    rig: MarketRig, number: int
) -> None:
    customer = rig.customer(number, deposit_units=100)
    gone, there = rig.provider(number), rig.provider(number + 500)
    url = rig.url + routes.LEASES
    body = msgspec.json.encode(LeaseRequest(("wasm",), 64, 64, 2**36, wait_s=50))
    signed = sign_request(gone.identity, "POST", url, hashlib.sha256(body).hexdigest())
    with pytest.raises(requests.ReadTimeout):
        requests.post(url, data=body, headers=signed, timeout=0.5)
    there.settlements(wait_s=0.3)
    job = customer.submit(tasks=1, price_units=70)
    (lease,) = there.lease(wait_s=2.0).leases
    result = there.deliver(lease, b"done by the one that stayed")
    assert customer.judge(job.job_id, lease.task_id, result, accepted=True).counted
