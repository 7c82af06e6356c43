"""When something was told, and waiting for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

DEADLINE_S = 15.0


class Calls:
    """A callback that keeps the moments at which it was called."""

    def __init__(self) -> None:
        self._moments: list[float] = []
        self._changed = threading.Condition()

    def __call__(self) -> None:
        with self._changed:
            self._moments.append(time.monotonic())
            self._changed.notify_all()

    def after(self, moment: float) -> float:
        """Return the first call after `moment`, waiting for it."""
        with self._changed:
            came = self._changed.wait_for(
                lambda: any(call >= moment for call in self._moments), DEADLINE_S
            )
            assert came, "this was never told"
            return next(call for call in self._moments if call >= moment)


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that nobody tells."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "this never happened"
        threading.Event().wait(0.02)
