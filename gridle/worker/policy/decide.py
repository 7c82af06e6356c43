"""The decision: one pure function from limits, readings and wishes to an allowance."""

from __future__ import annotations

from gridle.worker.policy import sentences
from gridle.worker.policy.allowance import Allowance, Reason, ReasonCode
from gridle.worker.policy.limits import Budget, Limits, MiB
from gridle.worker.policy.owner import OwnerWish
from gridle.worker.policy.readings import Presence, Readings


def decide(limits: Limits, readings: Readings, owner: OwnerWish, now: float) -> Allowance:
    """Say what all tasks together may use at `now` (Unix seconds), and why.

    What stops work wins over what slows it, in this order: the owner's Stop, the owner's Pause,
    battery, a session that cannot be seen, use. The first reason of the answer decides; the
    others hold too. The answer is never above the owner's limits nor above what the machine has.
    """
    stops = _reasons_to_pause(limits, readings, owner, now)
    used = presence(limits, readings) is not Presence.AWAY
    budget = limits.while_in_use if used and not limits.pause_when_used else limits.while_away
    if stops:
        return _paused(budget, readings, stops)
    return Allowance(
        cpu_percent=budget.cpu_percent,
        cores=max(1, min(budget.cores, readings.cores)),
        memory_bytes=_memory_bytes(budget, readings),
        reasons=(_reason_to_run(limits, readings),),
    )


def presence(limits: Limits, readings: Readings) -> Presence:
    """Say whether somebody uses this machine, as the owner's `idle_after_s` has it."""
    if readings.session_unseen:
        return Presence.UNSEEN
    idle_s = readings.seconds_since_input
    return Presence.AWAY if idle_s is None or idle_s >= limits.idle_after_s else Presence.IN_USE


def _reasons_to_pause(
    limits: Limits, readings: Readings, owner: OwnerWish, now: float
) -> tuple[Reason, ...]:
    reasons: list[Reason] = []
    if not owner.started:
        reasons.append(Reason(ReasonCode.STOPPED_BY_OWNER, sentences.STOPPED))
    if owner.is_paused(now):
        until = owner.paused_until
        why = sentences.PAUSED_UNTIL_START if until is None else sentences.PAUSED_FOR_A_TIME
        reasons.append(Reason(ReasonCode.PAUSED_BY_OWNER, why, until))
    if readings.on_battery and not limits.run_on_battery:
        reasons.append(Reason(ReasonCode.ON_BATTERY, sentences.ON_BATTERY))
    if limits.pause_when_used:
        reasons.extend(_use_as_reason_to_pause(limits, readings, now))
    return tuple(reasons)


def _use_as_reason_to_pause(limits: Limits, readings: Readings, now: float) -> tuple[Reason, ...]:
    match presence(limits, readings):
        case Presence.UNSEEN:
            return (Reason(ReasonCode.SESSION_UNSEEN, sentences.UNSEEN_PAUSED),)
        case Presence.IN_USE | Presence.WATCHED:
            until = now + limits.idle_after_s - (readings.seconds_since_input or 0.0)
            why = sentences.in_use_paused(limits.idle_after_s)
            return (Reason(ReasonCode.IN_USE, why, until),)
        case Presence.AWAY:
            return ()


def _reason_to_run(limits: Limits, readings: Readings) -> Reason:
    match presence(limits, readings):
        case Presence.UNSEEN:
            return Reason(ReasonCode.SESSION_UNSEEN, sentences.UNSEEN_REDUCED)
        case Presence.IN_USE | Presence.WATCHED:
            return Reason(ReasonCode.IN_USE_REDUCED, sentences.IN_USE_REDUCED)
        case Presence.AWAY:
            return Reason(ReasonCode.AWAY, sentences.AWAY)


def _paused(budget: Budget, readings: Readings, reasons: tuple[Reason, ...]) -> Allowance:
    """Take all CPU away; paused tasks keep the memory that they would have when running."""
    return Allowance(
        cpu_percent=0, cores=0, memory_bytes=_memory_bytes(budget, readings), reasons=reasons
    )


def _memory_bytes(budget: Budget, readings: Readings) -> int:
    return max(0, min(budget.memory_mib * MiB, readings.free_memory_bytes))
