"""How far a download has come, told at most some times a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

TELL_EVERY_S = 0.25


@dataclass(frozen=True)
class Progress:
    """What is here of a whole, with what earlier tries left; the total once it is known."""

    done_bytes: int
    total_bytes: int | None

    @property
    def percent(self) -> int | None:
        """Whole percent, 100 only at the end; None while the total is unknown."""
        if not self.total_bytes:
            return None
        return min(100, self.done_bytes * 100 // self.total_bytes)


OnProgress = Callable[[Progress], None]


class Counter:
    """Counts one download's bytes and tells `on_progress`, no more often than `every_s`."""

    def __init__(
        self,
        on_progress: OnProgress,
        total_bytes: int | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        every_s: float = TELL_EVERY_S,
    ) -> None:
        self._on_progress = on_progress
        self._total_bytes = total_bytes
        self._clock = clock
        self._every_s = every_s
        self._done_bytes = 0
        self._told_at: float | None = None

    def add(self, passed_bytes: int) -> None:
        """Count what came, or (below zero) what must come again."""
        self._done_bytes += passed_bytes
        now = self._clock()
        is_end = self._done_bytes == self._total_bytes
        if is_end or self._told_at is None or now - self._told_at >= self._every_s:
            self._told_at = now
            self._on_progress(Progress(self._done_bytes, self._total_bytes))


def tell_nobody(_progress: Progress) -> None:
    """For those who do not ask how far it has come."""
