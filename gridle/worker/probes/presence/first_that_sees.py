"""Several ways to see one session, the best first: which of them works is found at run time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from gridle.worker.probes.presence.user_input import InputReading, UserInput


class FirstThatSees:
    """Reads the first way that sees the session now; a later one is started only when needed.

    Where a way that worked goes blind (its compositor has gone), the next is started, and the
    first is used again as soon as it sees.

    Args:
        ways: at least one.
        otherwise: the reading while none sees; None takes that of the first way, which says best
            what to do.
    """

    def __init__(self, ways: Sequence[UserInput], otherwise: InputReading | None = None) -> None:
        self._ways = tuple(ways)
        self._otherwise = otherwise
        self._started = 0
        self._starting = threading.Lock()
        self._closely = False
        self._closing = False
        self._on_input: Callable[[], None] = lambda: None

    def start(self, on_input: Callable[[], None]) -> None:
        """Begin with as many ways as it takes until one sees."""
        self._on_input = on_input
        self._start_until_one_sees()

    def read(self) -> InputReading:
        """Return the reading of the first way that sees."""
        for way in self._ways[: self._started]:
            reading = way.read()
            if not reading.session_unseen:
                return reading
        return self._ways[0].read() if self._otherwise is None else self._otherwise

    def watch_closely(self, *, on: bool) -> None:
        """Pass it on to the way that is used, and let the others rest."""
        self._closely = on
        needed = on
        for way in self._ways[: self._started]:
            way.watch_closely(on=needed)
            needed = needed and way.read().session_unseen

    def close(self) -> None:
        """Close those that were started."""
        self._closing = True
        for way in self._ways[: self._started]:
            way.close()

    def _start_until_one_sees(self) -> None:
        """Start further ways; does nothing where another thread is at it already."""
        if not self._starting.acquire(blocking=False):
            return
        try:
            while not self._closing and self._started < len(self._ways) and not self._sees():
                way = self._ways[self._started]
                self._started += 1
                way.start(self._note_change)
        finally:
            self._starting.release()
        if self._closely:
            self.watch_closely(on=True)

    def _sees(self) -> bool:
        return any(not way.read().session_unseen for way in self._ways[: self._started])

    def _note_change(self) -> None:
        if not self._closing:
            self._start_until_one_sees()
            self._on_input()
