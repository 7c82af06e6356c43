"""Which tasks have to leave memory or a graphics card, how, and when they may save first. Pure.

A pause keeps a task's memory. That ends when the pause grows long, when memory is short, or when
the owner's own limit on memory is lower than what tasks hold; and a paused task keeps no graphics
card at all, since whoever came back may want it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gridle.market.protocol.ids import LeaseId
from gridle.worker.policy.allowance import Allowance, ReasonCode

LONG_PAUSE_S = 900.0
"""A task that was paused for longer is given back, so that somebody else can go on with it."""
MEMORY_PAUSE_S = 10.0
"""Memory that is short for longer than this is given back, a task at a time."""
QUIET_S = 10.0
"""A paused task may save, gently, once the owner has touched nothing for so long."""

_UNTOUCHABLE = frozenset(
    {
        ReasonCode.STOPPED_BY_OWNER,
        ReasonCode.PAUSED_BY_OWNER,
        ReasonCode.OUT_OF_HOURS,
        ReasonCode.EXCLUSIVE_PROGRAM,
        ReasonCode.WATCHED,
        ReasonCode.SESSION_UNSEEN,
        ReasonCode.CPU_HOT,
        ReasonCode.ON_BATTERY,
        ReasonCode.BATTERY_LOW,
        ReasonCode.POWER_SAVER,
    }
)
"""While one of these holds, not even a save runs: the task goes on from what it saved before."""


class Eviction(StrEnum):
    """What becomes of a task that has to leave."""

    WAIT_HERE = "wait_here"
    """It goes on here, from its saved state, when there is room again."""
    GIVE_BACK = "give_back"
    """It goes back to the market, with its saved state where it has one."""


@dataclass(frozen=True)
class Holder:
    """A task that a sandbox holds."""

    lease_id: LeaseId
    memory_bytes: int
    gpus: tuple[str, ...]
    saves: bool
    """Whether it follows the checkpoint protocol."""
    paused_s: float | None
    """For how long it has been paused; None while it runs."""


def evictions(
    allowance: Allowance, memory_limit_bytes: int, held: Sequence[Holder]
) -> dict[LeaseId, Eviction]:
    """Return the tasks that have to leave now. `held` is oldest first; the newest leave first."""
    going: dict[LeaseId, Eviction] = {}
    for each in held:
        if each.paused_s is not None and each.paused_s > LONG_PAUSE_S:
            going[each.lease_id] = Eviction.GIVE_BACK
        elif _holds_lost_card(allowance, each):
            going[each.lease_id] = _how(each)
    left_bytes = sum(each.memory_bytes for each in held if each.lease_id not in going)
    for each in reversed(held):
        if left_bytes <= memory_limit_bytes:
            break
        if each.lease_id not in going:
            going[each.lease_id] = _how(each)
            left_bytes -= each.memory_bytes
    if not going and _is_short(allowance):
        waited = [each for each in held if (each.paused_s or 0.0) > MEMORY_PAUSE_S]
        going.update((each.lease_id, _how(each)) for each in waited[-1:])
    return going


def may_save(allowance: Allowance, seconds_since_input: float | None) -> bool:
    """Say whether a task that has to leave may run for a moment, to save its state.

    Args:
        allowance: what holds now.
        seconds_since_input: since the owner's last touch; None where nobody is there.
    """
    if allowance.may_run:
        return True
    if any(reason.code in _UNTOUCHABLE for reason in allowance.reasons):
        return False
    return seconds_since_input is None or seconds_since_input >= QUIET_S


def _holds_lost_card(allowance: Allowance, holder: Holder) -> bool:
    lost = not set(holder.gpus) <= set(allowance.gpus) or allowance.gpu_percent == 0
    return bool(holder.gpus) and (lost or holder.paused_s is not None)


def _how(holder: Holder) -> Eviction:
    return Eviction.WAIT_HERE if holder.saves else Eviction.GIVE_BACK


def _is_short(allowance: Allowance) -> bool:
    return any(reason.code is ReasonCode.MEMORY_SHORT for reason in allowance.reasons)
