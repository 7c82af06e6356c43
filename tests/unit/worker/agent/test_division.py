from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gridle.market.protocol.sentence import Sentence
from gridle.worker.agent.division import MAX_SLOTS, Need, capacity, shares, startable
from gridle.worker.policy.allowance import Allowance, Reason, ReasonCode

WHY = (Reason(ReasonCode.AWAY, Sentence("Away.", "离开。")),)

allowances = st.builds(
    Allowance,
    cpu_percent=st.integers(1, 100),
    cores=st.integers(0, 64),
    memory_bytes=st.integers(0, 2**40),
    reasons=st.just(WHY),
)
needs = st.lists(st.tuples(st.integers(1, 16), st.integers(1, 2**36)), max_size=12).map(
    lambda pairs: [
        Need(f"lease-{number:024x}", cores, memory) for number, (cores, memory) in enumerate(pairs)
    ]
)


@given(allowances, needs)
def test_all_shares_together_stay_within_the_allowance(
    allowance: Allowance, running: list[Need]
) -> None:
    total = sum(share.cpu_percent for share in shares(allowance, running).values())
    assert total <= allowance.cores * allowance.cpu_percent + 1e-6


@given(allowances, needs)
def test_no_task_gets_more_than_its_cores(allowance: Allowance, running: list[Need]) -> None:
    given_shares = shares(allowance, running)
    for each in running:
        assert given_shares[each.lease_id].cpu_percent <= each.cores * allowance.cpu_percent + 1e-9


@given(allowances, needs, needs)
def test_what_starts_fits(allowance: Allowance, running: list[Need], ready: list[Need]) -> None:
    going = set(startable(allowance, running, ready))
    starting = [each for each in ready if each.lease_id in going]
    if starting:
        assert allowance.may_run
        memory = sum(each.memory_bytes for each in (*running, *starting))
        assert memory <= allowance.memory_bytes
        alone = len(running) + len(starting) == 1
        cores = sum(each.cores for each in (*running, *starting))
        assert cores <= allowance.cores or alone


@given(allowances, needs)
def test_capacity_is_what_is_left(allowance: Allowance, live: list[Need]) -> None:
    left = capacity(allowance, live, ("wasm",))
    assert 0 <= left.slots <= min(MAX_SLOTS, allowance.cores)
    assert left.cores + sum(each.cores for each in live) >= allowance.cores
    assert left.memory_bytes <= allowance.memory_bytes
    assert left.slots == 0 or allowance.may_run


def test_without_a_runtime_nothing_is_asked_for() -> None:
    allowance = Allowance(80, 4, 2**30, WHY)
    assert capacity(allowance, [], ()).slots == 0


def test_half_of_one_core_for_each_task_at_fifty_percent() -> None:
    allowance = Allowance(50, 2, 2**33, WHY)
    two = [Need("lease-" + "0" * 24, 1, 1), Need("lease-" + "1" * 24, 1, 1)]
    assert {share.cpu_percent for share in shares(allowance, two).values()} == {50.0}


def test_a_task_wider_than_the_allowance_starts_alone_on_what_there_is() -> None:
    allowance = Allowance(100, 2, 2**33, WHY)
    wide = Need("lease-" + "0" * 24, 8, 1)
    assert startable(allowance, [], [wide]) == (wide.lease_id,)
    assert shares(allowance, [wide])[wide.lease_id].cpu_percent == 200.0
