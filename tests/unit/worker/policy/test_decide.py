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
from gridle.worker.policy.readings import Attention, AttentionKind, Blindness, Network, Readings
from gridle.worker.policy.settle import settle
from gridle.worker.policy.steadiness import CALM, Steadiness
from tests.rigs.policy_values import (
    budgets,
    higher,
    limits_of_any_kind,
    readings_of_any_kind,
    wishes,
)

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


@pytest.mark.parametrize("blindness", list(Blindness))
def test_a_session_that_cannot_be_seen_says_what_to_do(blindness: Blindness) -> None:
    unseen = msgspec.structs.replace(
        AWAY, seconds_since_input=None, session_unseen=True, blindness=blindness
    )
    paused = decide(LIMITS, unseen, STARTED, NOW).reasons[0].sentence
    gentle = msgspec.structs.replace(LIMITS, pause_when_used=False)
    others = {
        decide(LIMITS, msgspec.structs.replace(unseen, blindness=each), STARTED, NOW)
        .reasons[0]
        .sentence
        for each in Blindness
        if each is not blindness
    }
    assert paused not in others
    assert decide(gentle, unseen, STARTED, NOW).reasons[0].sentence.en.startswith("Working gently")


def test_a_film_counts_as_use_without_any_input() -> None:
    shown = msgspec.structs.replace(
        AWAY, attention=(Attention(AttentionKind.FULLSCREEN, "mpv\x1b[31m"),)
    )
    reason = decide(LIMITS, shown, STARTED, NOW, steadiness=_settled(shown)).reasons[0]
    assert reason.code is ReasonCode.WATCHED
    assert reason.sentence.en == "Paused: mpv [31m fills the screen. Resumes when it ends."
    gentle = msgspec.structs.replace(LIMITS, pause_when_used=False)
    allowance = decide(gentle, shown, STARTED, NOW, steadiness=_settled(shown))
    assert (allowance.cpu_percent, allowance.reasons[0].code) == (25, ReasonCode.WATCHED)


def test_what_a_locked_screen_shows_is_watched_by_nobody() -> None:
    locked = msgspec.structs.replace(
        AWAY,
        session_locked=True,
        attention=(Attention(AttentionKind.INHIBITOR, "mpv"),),
        seconds_since_input=20.0,
    )
    assert decide(LIMITS, locked, STARTED, NOW, steadiness=_settled(locked)).may_run


def test_waking_the_machine_counts_as_input() -> None:
    woken = settle(CALM, LIMITS, AWAY, 1.0, woke=True)
    reason = decide(LIMITS, AWAY, STARTED, NOW, steadiness=woken).reasons[0]
    assert (reason.code, reason.until) == (ReasonCode.IN_USE, NOW + 120)
    later = settle(woken, LIMITS, AWAY, 121.0)
    assert decide(LIMITS, AWAY, STARTED, NOW, steadiness=later).may_run


def test_work_waits_for_the_owners_hours() -> None:
    nights = msgspec.structs.replace(LIMITS, hours=("#" * 6 + "." * 18,) * 7)
    reason = decide(nights, AWAY, STARTED, NOW).reasons[0]  # Friday 2027-01-15 08:00 UTC
    assert (reason.code, reason.until) == (ReasonCode.OUT_OF_HOURS, NOW + 16 * 3600)
    never = msgspec.structs.replace(LIMITS, hours=("." * 24,) * 7)
    reason = decide(never, AWAY, STARTED, NOW).reasons[0]
    assert (reason.until, "no work at all" in reason.sentence.en) == (None, True)


def test_finish_takes_no_new_work_and_lets_the_old_run() -> None:
    allowance = decide(LIMITS, AWAY, OwnerWish(started=True, finishing=True), NOW)
    assert allowance.may_run
    assert not allowance.takes_work
    assert allowance.reasons[-1].code is ReasonCode.FINISHING


@pytest.mark.parametrize(
    ("network", "volume_bytes", "code"),
    [
        (Network(metered=True), 0, ReasonCode.NETWORK_METERED),
        (Network(kind="mobile"), 0, ReasonCode.NETWORK_KIND),
        (Network(), 100 * MiB, ReasonCode.VOLUME_USED),
    ],
)
def test_a_network_that_may_not_be_used_stops_transfers_but_not_work(
    network: Network, volume_bytes: int, code: ReasonCode
) -> None:
    limits = msgspec.structs.replace(LIMITS, volume_mib_per_month=100)
    readings = msgspec.structs.replace(AWAY, network=network, volume_bytes=volume_bytes)
    allowance = decide(limits, readings, STARTED, NOW)
    assert allowance.may_run
    assert (allowance.takes_work, allowance.download_bytes_s, allowance.upload_bytes_s) == (
        False,
        0,
        0,
    )
    assert code in [reason.code for reason in allowance.reasons]


def test_speed_limits_are_bytes_a_second() -> None:
    budget = msgspec.structs.replace(LIMITS.while_away, download_kib_s=100)
    allowance = decide(msgspec.structs.replace(LIMITS, while_away=budget), AWAY, STARTED, NOW)
    assert (allowance.download_bytes_s, allowance.upload_bytes_s) == (102_400, None)


def test_tasks_are_kept_to_the_last_cores_or_to_one_kind() -> None:
    assert decide(LIMITS, AWAY, STARTED, NOW).core_ids == (4, 5, 6, 7)
    hybrid = msgspec.structs.replace(
        AWAY, performance_cores=(0, 1, 2, 3), efficiency_cores=(4, 5, 6, 7)
    )
    fast = msgspec.structs.replace(LIMITS.while_away, cores=2, core_kind="performance")
    allowance = decide(msgspec.structs.replace(LIMITS, while_away=fast), hybrid, STARTED, NOW)
    assert (allowance.core_ids, allowance.cores) == ((2, 3), 2)
    wide = msgspec.structs.replace(LIMITS.while_away, cores=64)
    allowance = decide(msgspec.structs.replace(LIMITS, while_away=wide), AWAY, STARTED, NOW)
    assert (allowance.core_ids, allowance.cores) == ((), 8)


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
    assert not allowance.core_ids or len(allowance.core_ids) == allowance.cores
    assert allowance.gpu_percent <= max(budget.gpu_percent for budget in roomiest)
    assert 0 <= allowance.disk_bytes <= limits.disk_mib * MiB
    if allowance.may_run:
        assert owner.started
        assert not owner.is_paused(NOW)
        assert limits.run_on_battery or not readings.on_battery


@given(limits_of_any_kind, readings_of_any_kind, wishes, budgets)
def test_a_higher_budget_never_allows_less(
    limits: Limits, readings: Readings, owner: OwnerWish, other: Budget
) -> None:
    lower = decide(limits, readings, owner, NOW)
    upper = decide(
        msgspec.structs.replace(
            limits,
            while_away=higher(limits.while_away, other),
            while_in_use=higher(limits.while_in_use, other),
        ),
        readings,
        owner,
        NOW,
    )
    assert lower.cpu_percent <= upper.cpu_percent
    assert lower.cores <= upper.cores
    assert lower.memory_bytes <= upper.memory_bytes


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


def _settled(readings: Readings) -> Steadiness:
    return settle(CALM, LIMITS, readings, 1.0)
