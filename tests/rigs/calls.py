"""A callback that remembers when it was called, for tests that wait for events."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

DEADLINE_S = 20.0


class Calls:
    """Pass it as `on_input` or `on_change`."""

    def __init__(self) -> None:
        self._moments: list[float] = []
        self._changed = threading.Condition()

    def __call__(self) -> None:
        with self._changed:
            self._moments.append(time.monotonic())
            self._changed.notify_all()

    def __len__(self) -> int:
        return len(self._moments)

    def after(self, moment: float) -> float:
        """Return the first call after `moment`, waiting for it."""
        with self._changed:
            came = self._changed.wait_for(
                lambda: any(call >= moment for call in self._moments), DEADLINE_S
            )
            assert came, "it was never called"
            return next(call for call in self._moments if call >= moment)


def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "this never happened"
        threading.Event().wait(0.02)
