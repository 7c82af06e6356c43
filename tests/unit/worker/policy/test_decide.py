"""The decision is explained, bounded, and grows with every limit."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.policy.allowance import ReasonCode
from gridle.worker.policy.decide import decide
from gridle.worker.policy.limits import Budget, Limits, MiB
from gridle.worker.policy.owner import OwnerWish
from gridle.worker.policy.readings import Readings

NOW = 1_800_000_000.0
STARTED = OwnerWish(started=True)
LIMITS = Limits(
    while_away=Budget(cpu_percent=80, cores=4, memory_mib=4096),
    while_in_use=Budget(cpu_percent=25, cores=2, memory_mib=1024),
)
AWAY = Readings(
    seconds_since_input=600.0,
    session_unseen=False,
    on_battery=False,
    battery_percent=None,
    foreign_cpu_percent=0.0,
    free_memory_bytes=8192 * MiB,
    cores=8,
)
IN_USE = msgspec.structs.replace(AWAY, seconds_since_input=5.0)

budgets = st.builds(
    Budget,
    cpu_percent=st.integers(1, 100),
    cores=st.integers(1, 256),
    memory_mib=st.integers(64, 2**20),
)
limits_of_any_kind = st.builds(
    Limits,
    while_away=budgets,
    while_in_use=budgets,
    pause_when_used=st.booleans(),
    idle_after_s=st.integers(1, 86400),
    run_on_battery=st.booleans(),
)
readings_of_any_kind = st.builds(
    Readings,
    seconds_since_input=st.none() | st.floats(0, 1e6),
    session_unseen=st.booleans(),
    on_battery=st.booleans(),
    battery_percent=st.none() | st.floats(0, 100),
    foreign_cpu_percent=st.floats(0, 100),
    free_memory_bytes=st.integers(0, 2**40),
    cores=st.integers(1, 256),
)
wishes = st.builds(
    OwnerWish,
    started=st.booleans(),
    paused=st.booleans(),
    paused_until=st.none() | st.floats(NOW - 10, NOW + 10),
)


def test_an_owner_who_is_away_gives_the_away_budget() -> None:
    allowance = decide(LIMITS, AWAY, STARTED, NOW)
    assert (allowance.cpu_percent, allowance.cores) == (80, 4)
    assert allowance.memory_bytes == 4096 * MiB
    assert allowance.reasons[0].code is ReasonCode.AWAY


def test_a_machine_without_a_session_counts_as_away() -> None:
    readings = msgspec.structs.replace(AWAY, seconds_since_input=None)
    assert decide(LIMITS, readings, STARTED, NOW).reasons[0].code is ReasonCode.AWAY


def test_use_pauses_until_the_owner_has_rested() -> None:
    allowance = decide(LIMITS, IN_USE, STARTED, NOW)
    assert not allowance.may_run
    reason = allowance.reasons[0]
    assert reason.code is ReasonCode.IN_USE
    assert reason.until == NOW + 115
    assert reason.sentence.en == (
        "Paused: you are using the computer. Resumes 2 minutes after your last input."
    )
    assert reason.sentence.zh == "已暂停：您正在使用电脑。最后一次操作 2 分钟后继续。"


@pytest.mark.parametrize(
    ("idle_after_s", "words"),
    [(1, "1 second"), (90, "90 seconds"), (60, "1 minute"), (3600, "1 hour"), (7200, "2 hours")],
)
def test_the_wait_is_said_exactly(idle_after_s: int, words: str) -> None:
    limits = msgspec.structs.replace(LIMITS, idle_after_s=idle_after_s)
    used_now = msgspec.structs.replace(AWAY, seconds_since_input=0.0)
    sentence = decide(limits, used_now, STARTED, NOW).reasons[0].sentence
    assert f"Resumes {words} after" in sentence.en


def test_use_only_slows_where_the_owner_says_so() -> None:
    limits = msgspec.structs.replace(LIMITS, pause_when_used=False)
    allowance = decide(limits, IN_USE, STARTED, NOW)
    assert (allowance.cpu_percent, allowance.cores) == (25, 2)
    assert allowance.memory_bytes == 1024 * MiB
    assert allowance.reasons[0].code is ReasonCode.IN_USE_REDUCED


def test_a_session_that_cannot_be_seen_counts_as_in_use() -> None:
    unseen = msgspec.structs.replace(AWAY, seconds_since_input=None, session_unseen=True)
    paused = decide(LIMITS, unseen, STARTED, NOW)
    assert (paused.cores, paused.reasons[0].code) == (0, ReasonCode.SESSION_UNSEEN)
    limits = msgspec.structs.replace(LIMITS, pause_when_used=False)
    reduced = decide(limits, unseen, STARTED, NOW)
    assert (reduced.cores, reduced.reasons[0].code) == (2, ReasonCode.SESSION_UNSEEN)


def test_what_the_owner_says_comes_before_what_the_machine_says() -> None:
    readings = msgspec.structs.replace(IN_USE, on_battery=True)
    owner = OwnerWish(started=False, paused=True, paused_until=NOW + 60)
    codes = [reason.code for reason in decide(LIMITS, readings, owner, NOW).reasons]
    assert codes == [
        ReasonCode.STOPPED_BY_OWNER,
        ReasonCode.PAUSED_BY_OWNER,
        ReasonCode.ON_BATTERY,
        ReasonCode.IN_USE,
    ]


def test_a_pause_says_until_when_and_ends_then() -> None:
    owner = OwnerWish(started=True, paused=True, paused_until=NOW + 60)
    assert decide(LIMITS, AWAY, owner, NOW).reasons[0].until == NOW + 60
    assert decide(LIMITS, AWAY, owner, NOW + 59.9).cores == 0
    assert decide(LIMITS, AWAY, owner, NOW + 60).cores == 4


def test_a_pause_without_end_lasts_until_start() -> None:
    owner = OwnerWish(started=True, paused=True)
    reason = decide(LIMITS, AWAY, owner, NOW + 10**9).reasons[0]
    assert (reason.code, reason.until) == (ReasonCode.PAUSED_BY_OWNER, None)


def test_battery_pauses_unless_the_owner_allows_it() -> None:
    readings = msgspec.structs.replace(AWAY, on_battery=True)
    assert decide(LIMITS, readings, STARTED, NOW).reasons[0].code is ReasonCode.ON_BATTERY
    limits = msgspec.structs.replace(LIMITS, run_on_battery=True)
    assert decide(limits, readings, STARTED, NOW).may_run


@given(limits_of_any_kind, readings_of_any_kind, wishes)
def test_every_allowance_is_explained_and_within_limits_and_machine(
    limits: Limits, readings: Readings, owner: OwnerWish
) -> None:
    allowance = decide(limits, readings, owner, NOW)
    assert allowance.reasons
    assert all(reason.sentence.en and reason.sentence.zh for reason in allowance.reasons)
    roomiest = (limits.while_away, limits.while_in_use)
    assert allowance.cpu_percent <= max(budget.cpu_percent for budget in roomiest)
    assert allowance.cores <= min(max(budget.cores for budget in roomiest), readings.cores)
    assert 0 <= allowance.memory_bytes <= readings.free_memory_bytes
    assert allowance.memory_bytes <= max(budget.memory_mib for budget in roomiest) * MiB
    assert allowance.may_run == (allowance.cpu_percent > 0)
    if allowance.may_run:
        assert owner.started
        assert not owner.is_paused(NOW)
        assert limits.run_on_battery or not readings.on_battery


@given(limits_of_any_kind, readings_of_any_kind, wishes, budgets)
def test_a_higher_budget_never_allows_less(
    limits: Limits, readings: Readings, owner: OwnerWish, other: Budget
) -> None:
    lower = decide(limits, readings, owner, NOW)
    higher = decide(
        msgspec.structs.replace(
            limits,
            while_away=_higher(limits.while_away, other),
            while_in_use=_higher(limits.while_in_use, other),
        ),
        readings,
        owner,
        NOW,
    )
    assert lower.cpu_percent <= higher.cpu_percent
    assert lower.cores <= higher.cores
    assert lower.memory_bytes <= higher.memory_bytes


@given(limits_of_any_kind, readings_of_any_kind, wishes)
def test_allowing_more_never_allows_less(
    limits: Limits, readings: Readings, owner: OwnerWish
) -> None:
    lower = decide(
        msgspec.structs.replace(limits, pause_when_used=True, run_on_battery=False),
        readings,
        owner,
        NOW,
    )
    higher = decide(
        msgspec.structs.replace(limits, pause_when_used=False, run_on_battery=True),
        readings,
        owner,
        NOW,
    )
    assert lower.cores == 0 or lower == higher


@given(limits_of_any_kind, readings_of_any_kind, st.integers(1, 86400))
def test_a_longer_rest_never_lets_a_pausing_owner_be_disturbed_sooner(
    limits: Limits, readings: Readings, idle_after_s: int
) -> None:
    limits = msgspec.structs.replace(limits, pause_when_used=True)
    longer = max(limits.idle_after_s, idle_after_s)
    later = decide(msgspec.structs.replace(limits, idle_after_s=longer), readings, STARTED, NOW)
    sooner = decide(limits, readings, STARTED, NOW)
    assert later.cores <= sooner.cores


def _higher(one: Budget, other: Budget) -> Budget:
    return Budget(
        cpu_percent=max(one.cpu_percent, other.cpu_percent),
        cores=max(one.cores, other.cores),
        memory_mib=max(one.memory_mib, other.memory_mib),
    )
