"""What is remembered: hysteresis that never flaps, and heat that slows before it stops."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.policy.allowance import ReasonCode
from gridle.worker.policy.decide import decide
from gridle.worker.policy.limits import Budget, Limits, MiB
from gridle.worker.policy.owner import OwnerWish
from gridle.worker.policy.readings import Gpu, Readings
from gridle.worker.policy.settle import settle
from gridle.worker.policy.steadiness import CALM, HEAT_BAND_C, Heat, Latch, Steadiness
from tests.rigs.policy_values import (
    NOW,
    budgets,
    higher,
    limits_of_any_kind,
    readings_of_any_kind,
    wishes,
)

STARTED = OwnerWish(started=True)
LIMITS = Limits(
    while_away=Budget(cpu_percent=80, cores=4, memory_mib=4096, gpu_percent=80, cpu_max_c=85),
    while_in_use=Budget(cpu_percent=25, cores=2, memory_mib=1024, cpu_max_c=75),
)
CALM_READINGS = Readings(
    seconds_since_input=600.0,
    session_unseen=False,
    on_battery=False,
    battery_percent=None,
    foreign_cpu_percent=0.0,
    free_memory_bytes=8192 * MiB,
    cores=8,
)
EARLIER = st.lists(st.tuples(readings_of_any_kind, st.floats(0, 60)), max_size=4)


def _after(limits: Limits, *looks: tuple[Readings, float]) -> Steadiness:
    steadiness = CALM
    for readings, elapsed_s in looks:
        steadiness = settle(steadiness, limits, readings, elapsed_s)
    return steadiness


def _with(**changes: object) -> Readings:
    return msgspec.structs.replace(CALM_READINGS, **changes)


@pytest.mark.parametrize(
    ("changes", "better", "hold_s", "code"),
    [
        ({"foreign_cpu_percent": 90.0}, {"foreign_cpu_percent": 40.0}, 10, "others_busy"),
        ({"memory_pressure_percent": 30.0}, {"memory_pressure_percent": 4.0}, 10, "memory_short"),
        ({"exclusive_program": "blender"}, {}, 5, "exclusive_program"),
        (
            {"free_disk_bytes": 1000 * MiB},
            {"free_disk_bytes": 2000 * MiB},
            0,
            "disk_short",
        ),
    ],
)
def test_a_guard_pauses_at_once_and_lets_go_after_its_hold(
    changes: dict[str, object], better: dict[str, object], hold_s: float, code: str
) -> None:
    bad, good = _with(**changes), _with(**better)
    short = _after(LIMITS, (bad, 1.0))
    assert decide(LIMITS, bad, STARTED, NOW, steadiness=short).reasons[0].code.value == code
    if hold_s:
        held = settle(short, LIMITS, good, hold_s - 0.1)
        assert not decide(LIMITS, good, STARTED, NOW, steadiness=held).may_run
    over = settle(short, LIMITS, good, hold_s + 0.1)
    assert decide(LIMITS, good, STARTED, NOW, steadiness=over).may_run


def test_between_the_marks_a_guard_stays_as_it_is() -> None:
    between = _with(foreign_cpu_percent=50.0)
    assert not _after(LIMITS, (between, 1.0)).others_busy.on
    busy = _after(LIMITS, (_with(foreign_cpu_percent=90.0), 1.0))
    assert settle(busy, LIMITS, between, 3600.0).others_busy.on


def test_a_battery_that_may_be_used_is_kept_above_its_mark() -> None:
    limits = msgspec.structs.replace(LIMITS, run_on_battery=True)
    low = _with(on_battery=True, battery_percent=49.0)
    held = _after(limits, (low, 1.0))
    said = decide(limits, low, STARTED, NOW, steadiness=held).reasons[0]
    assert (said.code, "50 %" in said.sentence.en) == (ReasonCode.BATTERY_LOW, True)
    charged = _with(on_battery=True, battery_percent=54.0)
    assert settle(held, limits, charged, 60.0).battery_low.on
    assert not settle(
        held, limits, _with(on_battery=True, battery_percent=55.0), 60.0
    ).battery_low.on
    assert not settle(held, limits, _with(battery_percent=20.0), 60.0).battery_low.on


def test_heat_slows_before_it_stops_and_comes_back_slowly() -> None:
    cool = Heat()
    warm = cool.after(1.0, 81.0, 85.0)
    assert 0.1 < warm.factor < 1
    hot = warm.after(1.0, 85.0, 85.0)
    assert (hot.stopped, hot.factor) == (True, 0.0)
    assert hot.after(60.0, 85.0 - HEAT_BAND_C + 0.1, 85.0).stopped
    back = hot.after(1.0, 85.0 - HEAT_BAND_C, 85.0)
    assert (back.stopped, back.factor < 0.2) == (False, True)
    assert back.after(60.0, 60.0, 85.0).factor == 1.0


def test_the_heat_limit_of_use_holds_at_the_first_look() -> None:
    limits = msgspec.structs.replace(LIMITS, pause_when_used=False)
    used = _with(cpu_temperature_c=80.0, seconds_since_input=0.0)
    held = settle(_after(limits, (_with(cpu_temperature_c=60.0), 1.0)), limits, used, 0.0)
    assert not decide(limits, used, STARTED, NOW, steadiness=held).may_run


def test_a_hot_or_used_card_is_left_alone_and_the_others_go_on() -> None:
    def card(name: str, **changes: object) -> Gpu:
        return msgspec.structs.replace(
            Gpu(0, "card", 2**33, 0, 0, uuid=name, temperature_c=50.0), **changes
        )

    looks = _with(
        gpus=(
            card("a"),
            card("b", temperature_c=81.0),
            card("c", foreign_programs=("game",)),
        )
    )
    allowance = decide(LIMITS, looks, STARTED, NOW, steadiness=_after(LIMITS, (looks, 1.0)))
    assert (allowance.gpus, allowance.gpu_percent) == (("a",), 80)
    codes = [reason.code for reason in allowance.reasons]
    assert codes == [ReasonCode.AWAY, ReasonCode.GPU_HOT, ReasonCode.GPU_IN_USE]


def test_the_more_the_owners_programs_use_the_less_is_taken_while_they_are_used() -> None:
    limits = msgspec.structs.replace(LIMITS, pause_when_used=False)  # the mark is 60 %
    percent = {}
    for load in (0.0, 12.0, 30.0, 59.0):
        used = _with(seconds_since_input=0.0, foreign_cpu_percent=load)
        looks = _after(limits, (used, 1.0))
        allowance = decide(limits, used, STARTED, NOW, steadiness=looks)
        percent[load] = allowance.cpu_percent
        told = ReasonCode.YIELDING in {reason.code for reason in allowance.reasons}
        assert told == (load > 12.0)
    assert percent == {0.0: 25, 12.0: 25, 30.0: 15, 59.0: 2}
    away = _with(foreign_cpu_percent=59.0)
    assert (
        decide(limits, away, STARTED, NOW, steadiness=_after(limits, (away, 1.0))).cpu_percent == 80
    )


def test_what_was_yielded_comes_back_slowly() -> None:
    limits = msgspec.structs.replace(LIMITS, pause_when_used=False)
    busy = _with(seconds_since_input=0.0, foreign_cpu_percent=59.0)
    calm = _with(seconds_since_input=0.0)
    yielded = _after(limits, (busy, 1.0))
    assert settle(yielded, limits, calm, 10.0).yield_factor < 0.3
    assert settle(yielded, limits, calm, 60.0).yield_factor == 1.0


def test_a_fast_fan_halves_the_speed() -> None:
    limits = msgspec.structs.replace(LIMITS, fan_max_rpm=2000)
    loud = _with(fan_rpm=2500.0)
    allowance = decide(limits, loud, STARTED, NOW, steadiness=_after(limits, (loud, 1.0)))
    assert (allowance.cpu_percent, allowance.reasons[1].code) == (40, ReasonCode.FAN_FAST)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0, 30)), max_size=30))
def test_a_latch_never_lets_go_before_its_hold(looks: list[tuple[bool, bool, float]]) -> None:
    latch, since_set_s = Latch(), None
    for sets, clears, elapsed_s in looks:
        latch = latch.after(elapsed_s, sets=sets, clears=clears, hold_s=20.0)
        if sets:
            since_set_s = 0.0
        elif since_set_s is not None:
            since_set_s += elapsed_s
        assert not sets or latch.on
        assert latch.on or since_set_s is None or since_set_s >= 20.0
        if not latch.on:
            since_set_s = None


@given(
    st.lists(st.tuples(st.floats(30, 100), st.floats(0.1, 10)), min_size=1, max_size=60),
    st.integers(40, 100),
)
def test_heat_never_runs_at_its_limit_and_never_flaps_within_its_band(
    looks: list[tuple[float, float]], limit_c: int
) -> None:
    heat = Heat()
    for temperature_c, elapsed_s in looks:
        before = heat
        heat = heat.after(elapsed_s, temperature_c, limit_c)
        assert heat.stopped or temperature_c < limit_c
        if before.stopped and not heat.stopped:
            assert temperature_c <= limit_c - HEAT_BAND_C
        if not before.stopped and not heat.stopped:
            assert heat.speed <= before.speed + 0.02 * elapsed_s + 1e-9


@given(limits_of_any_kind, EARLIER, readings_of_any_kind, wishes)
def test_every_allowance_is_explained_whatever_went_before(
    limits: Limits, earlier: list[tuple[Readings, float]], readings: Readings, owner: OwnerWish
) -> None:
    steadiness = _after(limits, *earlier, (readings, 1.0))
    allowance = decide(limits, readings, owner, NOW, steadiness=steadiness)
    assert allowance.reasons
    assert all(reason.sentence.en and reason.sentence.zh for reason in allowance.reasons)
    hottest_c = max(limits.while_away.cpu_max_c, limits.while_in_use.cpu_max_c)
    if allowance.may_run:
        assert (readings.cpu_temperature_c or 0.0) < hottest_c
        assert readings.exclusive_program is None
        assert limits.work_in_power_saver or not readings.power_saver
        most_load = limits.foreign_cpu_max_percent
        assert most_load == 100 or readings.foreign_cpu_percent <= most_load


@given(limits_of_any_kind, EARLIER, readings_of_any_kind, wishes, budgets)
def test_a_higher_budget_never_allows_less_whatever_went_before(
    limits: Limits,
    earlier: list[tuple[Readings, float]],
    readings: Readings,
    owner: OwnerWish,
    other: Budget,
) -> None:
    more = msgspec.structs.replace(
        limits,
        while_away=higher(limits.while_away, other),
        while_in_use=higher(limits.while_in_use, other),
    )
    looks = (*earlier, (readings, 1.0))
    lower = decide(limits, readings, owner, NOW, steadiness=_after(limits, *looks))
    upper = decide(more, readings, owner, NOW, steadiness=_after(more, *looks))
    assert lower.cpu_percent <= upper.cpu_percent
    assert lower.cores <= upper.cores
    assert lower.memory_bytes <= upper.memory_bytes
    assert set(lower.gpus) <= set(upper.gpus)
