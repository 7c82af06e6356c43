"""Whether somebody uses this machine, as the owner's limits have it. Pure."""

from __future__ import annotations

from gridle.worker.policy.limits import Budget, Limits
from gridle.worker.policy.readings import Presence, Readings
from gridle.worker.policy.steadiness import Steadiness

LOCKED_AWAY_AFTER_S = 15
"""Who has locked the screen has left; the rest of `idle_after_s` need not be waited for."""


def presence(limits: Limits, readings: Readings, steadiness: Steadiness) -> Presence:
    """Say whether somebody uses this machine."""
    if readings.session_unseen:
        return Presence.UNSEEN
    idle_s = idle_seconds(readings, steadiness)
    if idle_s is not None and idle_s < away_after_s(limits, readings):
        return Presence.IN_USE
    return Presence.WATCHED if steadiness.watched.on else Presence.AWAY


def idle_seconds(readings: Readings, steadiness: Steadiness) -> float | None:
    """Return seconds since the last sign of a hand; somebody woke a machine that slept."""
    idle_s = readings.seconds_since_input
    if idle_s is None or steadiness.awake_s is None:
        return idle_s
    return min(idle_s, steadiness.awake_s)


def away_after_s(limits: Limits, readings: Readings) -> int:
    """Return after how many seconds without input the owner counts as away."""
    if readings.session_locked:
        return min(limits.idle_after_s, LOCKED_AWAY_AFTER_S)
    return limits.idle_after_s


def budget_now(limits: Limits, readings: Readings, steadiness: Steadiness) -> Budget:
    """Return the budget that applies: while paused, that of an owner who is away."""
    used = presence(limits, readings, steadiness) is not Presence.AWAY
    return limits.while_in_use if used and not limits.pause_when_used else limits.while_away
