"""Stopping a task as a whole: for a pause, and in turns where it holds graphics cards.

No driver lets a program be given a part of a card's time from outside, so the program itself is
stopped for the rest of each cycle and can queue no more work for the card; what it has queued
ends first. Its CPU limit holds beside that, inside its turns.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from gridle.market.protocol.errors import GridleError
from gridle.worker.sandbox.duty_cycle import Throttle
from gridle.worker.sandbox.stopwatch import Stopwatch

GPU_CYCLE_S = 0.2
_WHOLE_PERCENT = 100.0


class Brake:
    """Stops and lets go one task; `freeze` and `thaw` are its fence's."""

    def __init__(self, name: str, freeze: Callable[[], None], thaw: Callable[[], None]) -> None:
        self._name = name
        self._freeze = freeze
        self._thaw = thaw
        self._turns: Throttle | None = None
        self._held = False
        self._running = Stopwatch()
        self.fault: GridleError | OSError | None = None
        """Why a turn could not be ended; the task is beyond control then."""

    def share_gpus(self, percent: float) -> None:
        """Let it run for `percent` of the time from now on, in turns, unless it is held."""
        share = percent / _WHOLE_PERCENT
        if self._turns is None and share < 1.0:
            self._running = Stopwatch() if self._held else Stopwatch().go(time.monotonic())
            self._turns = Throttle(
                f"gpu-{self._name}",
                self._end_turn,
                self._begin_turn,
                lambda: self._running.elapsed_s(time.monotonic()),
                cycle_s=GPU_CYCLE_S,
                held=self._held,
            )
        if self._turns:
            self._turns.set_share(share)

    def hold(self) -> None:
        """Stop it until `release`.

        Raises:
            GridleError: its engine could not.
            OSError: the kernel could not.
        """
        self._held = True
        if self._turns is None:
            self._freeze()
            return
        self._turns.hold()
        if self.fault:
            raise self.fault

    def release(self) -> None:
        """Let it go on, in turns where it has them."""
        self._held = False
        if self._turns:
            self._turns.release()
        else:
            self._thaw()

    def close(self) -> None:
        """Begin and end no turn any more."""
        if self._turns:
            self._turns.close()

    def _end_turn(self) -> None:
        try:
            self._freeze()
        except (GridleError, OSError) as error:  # whoever watches the task must end it
            self.fault = error
        self._running = self._running.hold(time.monotonic())

    def _begin_turn(self) -> None:
        self._running = self._running.go(time.monotonic())
        self._thaw()
