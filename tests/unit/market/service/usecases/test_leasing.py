from __future__ import annotations

from typing import Any

import pytest

from gridle.market.protocol.manifest import ContainerRuntime, Resources
from gridle.market.service.usecases.cover import refresh_covers
from gridle.market.service.usecases.ending import end_leases
from gridle.market.service.usecases.leasing import MAX_HELD
from tests.fakes.market_chain import EXIT_DELAY_S, FakeDelegation
from tests.rigs.market_inside import START, Inside


def _why(inside: Inside, **changes: Any) -> str:  # noqa: ANN401 - fields of the request
    batch = inside.lease(inside.node(0), **changes)
    assert not batch.leases
    assert batch.waiting is not None
    return batch.waiting.en


def test_an_empty_market_says_so(inside: Inside) -> None:
    assert "no open job" in _why(inside)


def test_tasks_that_need_an_engine_say_so(inside: Inside) -> None:
    inside.submit(tasks=8, runtime=ContainerRuntime("00" * 32, ("run",)))
    assert _why(inside).startswith("8 tasks wait for a container engine")


def test_a_low_price_is_said(inside: Inside) -> None:
    inside.submit(price_units=10, resources=Resources(reference_s=36.0))
    assert "pay less" in _why(inside, ask_units_per_core_hour=1001)
    assert inside.lease(inside.node(0), ask_units_per_core_hour=1000).leases


def test_all_taken_is_said(inside: Inside) -> None:
    inside.submit()
    assert inside.lease(inside.node(1)).leases
    assert "being worked on" in _why(inside)


def test_a_lease_names_how_long_its_pay_is_covered(inside: Inside) -> None:
    inside.submit()
    lease = inside.lease(inside.node(0)).leases[0]
    assert (lease.funded_until, lease.expires_at) == (START + EXIT_DELAY_S, START + 60)
    assert lease.order.is_signed_by_payer(inside.market.domain)


def test_work_for_a_payer_that_leaves_is_held_back(inside: Inside) -> None:
    inside.submit()
    inside.hub.exits[inside.wallet.address] = int(START) + EXIT_DELAY_S
    refresh_covers(inside.market)
    assert "deposit is confirmed" in _why(inside)
    del inside.hub.exits[inside.wallet.address]
    refresh_covers(inside.market)
    assert inside.lease(inside.node(0)).leases


def test_a_new_pair_waits_for_the_chain_and_begins_where_it_stands(inside: Inside) -> None:
    inside.submit()
    node = inside.node(0)
    inside.hub.claims[(inside.wallet.address, node.payout_address)] = 500
    inside.hub.down = True
    assert not inside.lease(node).leases
    inside.hub.down = False
    lease = inside.lease(node).leases[0]
    inside.judge(lease, inside.deliver(node, lease), accepted=True)
    voucher = inside.settlements(node)[0].voucher  # type: ignore[union-attr]  # a verdict
    assert voucher is not None
    assert voucher.voucher.cumulative_units == 510


@pytest.mark.parametrize(("asks", "why"), [((), "No provider"), (("wasm",), "container engine")])
def test_a_job_that_nobody_can_do_says_why(inside: Inside, asks: tuple[str, ...], why: str) -> None:
    job = inside.submit(runtime=ContainerRuntime("00" * 32, ("run",)))
    if asks:
        inside.lease(inside.node(0), runtimes=asks)
    waiting = inside.detail(job.job_id).status.waiting
    assert waiting is not None
    assert why in waiting.en


def test_work_for_a_payer_that_emptied_its_deposit_is_held_back(inside: Inside) -> None:
    inside.submit(tasks=2, price_units=10)
    inside.hub.balances[inside.wallet.address] = 19  # by a voucher that it signed itself
    refresh_covers(inside.market)
    assert "deposit is confirmed" in _why(inside)
    inside.hub.balances[inside.wallet.address] = 20
    refresh_covers(inside.market)
    assert inside.lease(inside.node(0)).leases


def test_a_cap_beyond_all_money_keeps_nobodys_deposit_from_being_read(inside: Inside) -> None:
    inside.submit()
    pair = (inside.wallet.address, inside.market.delegate.address)
    expiry = inside.hub.delegations[pair].expiry
    inside.hub.delegations[pair] = FakeDelegation(2**96 - 1, 0, expiry)
    refresh_covers(inside.market)
    assert inside.lease(inside.node(0)).leases


def test_a_node_that_takes_and_never_reports_starves_nobody(inside: Inside) -> None:
    inside.submit(tasks=MAX_HELD + 10, resources=Resources(reference_s=1.0, memory_bytes=2**24))
    greedy, other = inside.node(0), inside.node(1)
    taken = [len(inside.lease(greedy, slots=64).leases) for _ in range(3)]
    assert taken == [64, 64, 0]
    assert len(inside.lease(other, slots=10).leases) == 10
    inside.clock += 61
    end_leases(inside.market)
    assert not inside.lease(greedy).leases
    assert inside.lease(other).leases
