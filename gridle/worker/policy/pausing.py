"""What pauses all work: every reason that holds, the most telling first. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from gridle.worker.policy import sentences
from gridle.worker.policy.allowance import Reason, ReasonCode
from gridle.worker.policy.limits import Limits, MiB
from gridle.worker.policy.owner import OwnerWish
from gridle.worker.policy.presence import away_after_s, idle_seconds, presence
from gridle.worker.policy.readings import Presence, Readings
from gridle.worker.policy.steadiness import Steadiness
from gridle.worker.policy.week import is_open, next_opening


def owner_pauses(limits: Limits, owner: OwnerWish, now: float, zone: tzinfo) -> Iterator[Reason]:
    """Yield what the owner has asked for: Stop, Pause, the weekly hours."""
    if not owner.started:
        yield Reason(ReasonCode.STOPPED_BY_OWNER, sentences.STOPPED)
    if owner.is_paused(now):
        until = owner.paused_until
        why = sentences.PAUSED_UNTIL_START if until is None else sentences.PAUSED_FOR_A_TIME
        yield Reason(ReasonCode.PAUSED_BY_OWNER, why, until)
    if not is_open(limits.hours, now, zone):
        opens = next_opening(limits.hours, now, zone)
        said = sentences.out_of_hours(ever=opens is not None)
        yield Reason(ReasonCode.OUT_OF_HOURS, said, opens)


def power_pauses(limits: Limits, readings: Readings, steadiness: Steadiness) -> Iterator[Reason]:
    """Yield what the power source says."""
    if readings.on_battery and not limits.run_on_battery:
        yield Reason(ReasonCode.ON_BATTERY, sentences.ON_BATTERY)
    elif readings.on_battery and steadiness.battery_low.on:
        yield Reason(ReasonCode.BATTERY_LOW, sentences.battery_low(limits.battery_least_percent))
    if readings.power_saver and not limits.work_in_power_saver:
        yield Reason(ReasonCode.POWER_SAVER, sentences.POWER_SAVER)


def use_pauses(
    limits: Limits, readings: Readings, steadiness: Steadiness, now: float
) -> Iterator[Reason]:
    """Yield what the owner's presence says, where use pauses work."""
    if not limits.pause_when_used:
        return
    match presence(limits, readings, steadiness):
        case Presence.UNSEEN:
            said = sentences.unseen_paused(readings.blindness)
            yield Reason(ReasonCode.SESSION_UNSEEN, said)
        case Presence.IN_USE:
            after_s = away_after_s(limits, readings)
            until = now + after_s - (idle_seconds(readings, steadiness) or 0.0)
            yield Reason(ReasonCode.IN_USE, sentences.in_use_paused(after_s), until)
        case Presence.WATCHED:
            shown = readings.attention[0] if readings.attention else None
            yield Reason(ReasonCode.WATCHED, sentences.watched_paused(shown))
        case Presence.AWAY:
            pass


def machine_pauses(
    limits: Limits, readings: Readings, steadiness: Steadiness, cpu_max_c: int
) -> Iterator[Reason]:
    """Yield what other programs, heat, memory and disk say."""
    if steadiness.exclusive.on:
        said = sentences.exclusive_program(readings.exclusive_program)
        yield Reason(ReasonCode.EXCLUSIVE_PROGRAM, said)
    if steadiness.cpu_heat.stopped:
        yield Reason(ReasonCode.CPU_HOT, sentences.cpu_hot(cpu_max_c, stopped=True))
    if steadiness.others_busy.on:
        busy = sentences.others_busy(limits.foreign_cpu_max_percent)
        yield Reason(ReasonCode.OTHERS_BUSY, busy)
    if steadiness.memory_short.on:
        yield Reason(ReasonCode.MEMORY_SHORT, sentences.MEMORY_SHORT)
    if steadiness.disk_short.on:
        free_mib = (readings.free_disk_bytes or 0) // MiB
        full = sentences.disk_short(free_mib, limits.disk_keep_free_mib)
        yield Reason(ReasonCode.DISK_SHORT, full)
