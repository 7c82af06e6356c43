"""Who has to leave, and that nothing leaves without need."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.market.protocol.sentence import Sentence
from gridle.worker.policy.allowance import Allowance, Reason, ReasonCode
from gridle.worker.policy.eviction import (
    LONG_PAUSE_S,
    MEMORY_PAUSE_S,
    QUIET_S,
    Eviction,
    Holder,
    evictions,
    may_save,
)

SAID = Sentence("Why.", "原因。")


def allowed(*codes: ReasonCode, cores: int = 2, gpus: tuple[str, ...] = ("g",)) -> Allowance:
    reasons = tuple(Reason(code, SAID) for code in codes or (ReasonCode.AWAY,))
    return Allowance(100, cores, 2**40, reasons, gpus=gpus, gpu_percent=80 if gpus else 0)


PAUSED = allowed(ReasonCode.IN_USE, cores=0)
HOLDERS = st.lists(
    st.builds(
        Holder,
        st.integers(1, 10**6).map(lambda number: f"lease-{number:024x}"),
        st.integers(1, 2**34),
        st.sampled_from([(), ("g",), ("g", "h")]),
        st.booleans(),
        st.none() | st.floats(0, 2000),
    ),
    max_size=8,
    unique_by=lambda each: each.lease_id,
)


def holder(**changes: object) -> Holder:
    facts = {"lease_id": "a", "memory_bytes": 100, "gpus": (), "saves": True, "paused_s": None}
    return Holder(**{**facts, **changes})  # type: ignore[arg-type] # each test names its own


@given(HOLDERS, st.integers(0, 2**36), st.sampled_from([allowed(), PAUSED, allowed(gpus=())]))
def test_what_stays_fits_and_holds_no_lost_card(
    held: list[Holder], limit_bytes: int, allowance: Allowance
) -> None:
    going = evictions(allowance, limit_bytes, held)
    staying = [each for each in held if each.lease_id not in going]
    assert sum(each.memory_bytes for each in staying) <= limit_bytes
    for each in staying:
        assert set(each.gpus) <= set(allowance.gpus)
        assert not (each.gpus and each.paused_s is not None)
        assert (each.paused_s or 0) <= LONG_PAUSE_S
    for lease_id, how in going.items():
        if how is Eviction.WAIT_HERE:
            assert next(each for each in held if each.lease_id == lease_id).saves


@given(HOLDERS)
def test_nothing_leaves_without_need(held: list[Holder]) -> None:
    calm = [
        Holder(each.lease_id, each.memory_bytes, (), each.saves, min(each.paused_s or 0, 800))
        for each in held
    ]
    assert evictions(PAUSED, 2**40, calm) == {}


def test_short_memory_sends_one_waiting_task_at_a_time() -> None:
    short = allowed(ReasonCode.MEMORY_SHORT, cores=0)
    waited = MEMORY_PAUSE_S + 1
    held = [holder(paused_s=waited), holder(lease_id="b", paused_s=waited, saves=False)]
    assert evictions(short, 2**40, held) == {"b": Eviction.GIVE_BACK}
    assert evictions(short, 2**40, held[:1]) == {"a": Eviction.WAIT_HERE}
    assert evictions(short, 2**40, [holder(paused_s=1.0)]) == {}


def test_a_card_that_another_program_uses_is_given_up_and_a_paused_task_holds_none() -> None:
    mine = holder(gpus=("g",))
    assert evictions(allowed(), 2**40, [mine]) == {}
    assert evictions(allowed(gpus=()), 2**40, [mine]) == {"a": Eviction.WAIT_HERE}
    assert evictions(PAUSED, 2**40, [holder(gpus=("g",), paused_s=0.0)]) == {
        "a": Eviction.WAIT_HERE
    }


@pytest.mark.parametrize(
    ("allowance", "idle_s", "may"),
    [
        (allowed(), 0.0, True),
        (PAUSED, 0.0, False),
        (PAUSED, QUIET_S, True),
        (allowed(ReasonCode.OTHERS_BUSY, cores=0), None, True),
        (allowed(ReasonCode.PAUSED_BY_OWNER, cores=0), None, False),
        (allowed(ReasonCode.IN_USE, ReasonCode.EXCLUSIVE_PROGRAM, cores=0), 900.0, False),
    ],
)
def test_a_save_waits_for_a_quiet_moment(
    allowance: Allowance, idle_s: float | None, *, may: bool
) -> None:
    assert may_save(allowance, idle_s) is may


def test_an_allowance_that_runs_may_always_save() -> None:
    running = msgspec.structs.replace(PAUSED, cores=1)
    assert may_save(running, 0.0)
