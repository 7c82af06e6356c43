"""A way to see the user that shows what a test says."""

from __future__ import annotations

from collections.abc import Callable

from gridle.worker.probes.presence.user_input import InputReading


class FakeInput:
    """Counts what is asked of it; `show` changes the reading and tells so."""

    def __init__(self, reading: InputReading) -> None:
        self.reading = reading
        self.starts = 0
        self.closely = False
        self.closed = False
        self._on_input: Callable[[], None] = lambda: None

    def start(self, on_input: Callable[[], None]) -> None:
        self.starts += 1
        self._on_input = on_input

    def read(self) -> InputReading:
        return self.reading

    def watch_closely(self, *, on: bool) -> None:
        self.closely = on

    def close(self) -> None:
        self.closed = True

    def show(self, reading: InputReading) -> None:
        """Change what is read, and tell."""
        self.reading = reading
        self._on_input()
