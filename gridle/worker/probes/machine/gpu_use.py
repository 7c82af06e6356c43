"""Who else uses a graphics card: what of a driver's list counts as somebody's use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_IDLE_DRAWING_PERCENT = 5.0
"""A desktop draws its windows and its clock: below this nobody would miss the card."""


@dataclass(frozen=True)
class CardUsers:
    """The processes on one card, as its driver lists them."""

    computing: frozenset[int]
    drawing: frozenset[int]
    """Every window of a desktop may be here, most of the time doing nothing."""
    utilisation_percent: float
    by_process: Mapping[int, float] | None
    """Each process's share; None where the driver does not tell processes apart."""


@dataclass(frozen=True)
class ForeignUse:
    """The processes that count as somebody else's use, and the share of the card they take."""

    pids: frozenset[int] = frozenset()
    utilisation_percent: float = 0.0


def foreign_use(users: CardUsers, ours: frozenset[int]) -> ForeignUse:
    """Sift out our own tasks, and programs that merely hold a window.

    A program that computes counts even while it rests, as it holds the card's memory. One that
    draws (a display server, a browser, a game) counts while it takes 5 % of the card or more.
    """
    computing = users.computing - users.drawing - ours
    drawing = users.drawing - ours
    if users.by_process is not None:
        shares = {pid: share for pid, share in users.by_process.items() if pid not in ours}
        busy = {pid for pid in drawing if shares.get(pid, 0.0) >= _IDLE_DRAWING_PERCENT}
        return ForeignUse(computing | busy, min(100.0, sum(shares.values())))
    if computing:
        return ForeignUse(computing, users.utilisation_percent)
    ours_are_there = bool(ours & (users.computing | users.drawing))
    if not drawing or ours_are_there:
        # Our own work would show as the desktop's, and stop itself.
        return ForeignUse()
    is_used = users.utilisation_percent >= _IDLE_DRAWING_PERCENT
    return ForeignUse(drawing if is_used else frozenset(), users.utilisation_percent)
