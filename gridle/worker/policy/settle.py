"""How what is remembered of the machine goes on from one look to the next. Pure."""

from __future__ import annotations

from dataclasses import replace

from gridle.worker.policy.limits import Budget, Limits, MiB
from gridle.worker.policy.presence import budget_now, presence
from gridle.worker.policy.readings import Presence, Readings
from gridle.worker.policy.steadiness import FASTER_PER_S, Heat, Latch, Steadiness, gpu_id

BATTERY_BAND_PERCENT = 5.0
DISK_BAND_BYTES = 256 * MiB
YIELD_FROM = 1.25
"""Below a fifth of the owner's mark for foreign load, nothing is yielded."""
NEVER_PERCENT = 100
"""A guard set to this never pauses."""


def settle(
    before: Steadiness,
    limits: Limits,
    readings: Readings,
    elapsed_s: float,
    *,
    woke: bool = False,
) -> Steadiness:
    """Return what is remembered after a look at the machine.

    Args:
        before: what was remembered until then.
        limits: the owner's limits.
        readings: what the probes say.
        elapsed_s: seconds since `before`, without any in which the machine slept.
        woke: whether the machine slept since then.
    """
    awake_s = 0.0 if woke else before.awake_s
    if awake_s is not None and not woke:
        awake_s += elapsed_s
    if awake_s is not None and awake_s > limits.idle_after_s:
        awake_s = None
    settled = replace(_settle_machine(before, limits, readings, elapsed_s), awake_s=awake_s)
    used = presence(limits, readings, settled) is not Presence.AWAY
    settled = replace(
        settled, yielding=_settle_yielding(before, limits, readings, elapsed_s, used=used)
    )
    # the budget is that of the presence as it is now: its heat limit holds at once
    budget = budget_now(limits, readings, settled)
    return _settle_heat(settled, limits, budget, readings, elapsed_s)


def _settle_machine(
    before: Steadiness, limits: Limits, readings: Readings, elapsed_s: float
) -> Steadiness:
    load, most_load = readings.foreign_cpu_percent, limits.foreign_cpu_max_percent
    pressure = readings.memory_pressure_percent or 0.0
    most_pressure = limits.memory_pressure_max_percent
    shown = bool(readings.attention) and not readings.session_locked
    return replace(
        before,
        others_busy=before.others_busy.after(
            elapsed_s,
            sets=most_load < NEVER_PERCENT and load > most_load,
            clears=most_load >= NEVER_PERCENT or load <= 0.75 * most_load,
            hold_s=10.0,
        ),
        memory_short=before.memory_short.after(
            elapsed_s,
            sets=most_pressure < NEVER_PERCENT and pressure > most_pressure,
            clears=most_pressure >= NEVER_PERCENT or pressure <= 0.5 * most_pressure,
            hold_s=10.0,
        ),
        exclusive=before.exclusive.after(
            elapsed_s, sets=readings.exclusive_program is not None, clears=True, hold_s=5.0
        ),
        watched=before.watched.after(
            elapsed_s,
            sets=shown and limits.films_count_as_use,
            clears=True,
            hold_s=0.0 if readings.session_locked or not limits.films_count_as_use else 10.0,
        ),
        disk_short=_settle_disk(before.disk_short, limits, readings, elapsed_s),
        battery_low=_settle_battery(before.battery_low, limits, readings, elapsed_s),
    )


def _settle_yielding(
    before: Steadiness, limits: Limits, readings: Readings, elapsed_s: float, *, used: bool
) -> float:
    """Leave more to the owner's programs the more they use, while somebody uses them.

    Even in a core's idle moments a task slows the program on its sibling thread, so the lowest
    priority alone would be felt. It slows down at once, and speeds up slowly.
    """
    most_load = limits.foreign_cpu_max_percent
    if not used or most_load >= NEVER_PERCENT:
        return 1.0
    room = max(0.0, 1.0 - readings.foreign_cpu_percent / most_load)
    return min(1.0, YIELD_FROM * room, before.yielding + FASTER_PER_S * elapsed_s)


def _settle_disk(before: Latch, limits: Limits, readings: Readings, elapsed_s: float) -> Latch:
    free_bytes = readings.free_disk_bytes
    keep_bytes = limits.disk_keep_free_mib * MiB
    return before.after(
        elapsed_s,
        sets=free_bytes is not None and free_bytes < keep_bytes,
        clears=free_bytes is None or free_bytes >= keep_bytes + DISK_BAND_BYTES,
        hold_s=0.0,
    )


def _settle_battery(before: Latch, limits: Limits, readings: Readings, elapsed_s: float) -> Latch:
    percent, least = readings.battery_percent, limits.battery_least_percent
    watched = readings.on_battery and percent is not None
    return before.after(
        elapsed_s,
        sets=watched and percent is not None and percent < least,
        clears=not watched or percent is None or percent >= min(least + BATTERY_BAND_PERCENT, 100),
        hold_s=0.0,
    )


def _settle_heat(
    before: Steadiness, limits: Limits, budget: Budget, readings: Readings, elapsed_s: float
) -> Steadiness:
    heats, used = dict(before.gpu_heat), dict(before.gpu_used)
    rpm, most_rpm = readings.fan_rpm or 0.0, limits.fan_max_rpm
    return replace(
        before,
        cpu_heat=before.cpu_heat.after(elapsed_s, readings.cpu_temperature_c, budget.cpu_max_c),
        gpu_heat=tuple(
            (
                gpu_id(gpu),
                heats.get(gpu_id(gpu), Heat()).after(
                    elapsed_s, gpu.temperature_c, budget.gpu_max_c
                ),
            )
            for gpu in readings.gpus
        ),
        gpu_used=tuple(
            (
                gpu_id(gpu),
                used.get(gpu_id(gpu), Latch()).after(
                    elapsed_s,
                    sets=limits.pause_when_gpu_used and bool(gpu.foreign_programs),
                    clears=True,
                    hold_s=30.0 if limits.pause_when_gpu_used else 0.0,
                ),
            )
            for gpu in readings.gpus
        ),
        fan=before.fan.after(
            elapsed_s,
            sets=0 < most_rpm < rpm,
            clears=most_rpm == 0 or rpm <= 0.9 * most_rpm,
            hold_s=30.0,
        ),
    )
