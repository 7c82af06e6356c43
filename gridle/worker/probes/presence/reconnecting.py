"""A thread that follows one connection after another: to a display server that may come and go."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

FIRST_ANSWER_TIMEOUT_S = 2.0
"""How long a start waits for the first answer of the other side."""
_RETRY_FIRST_S = 1.0
_RETRY_MOST_S = 30.0
_JOIN_TIMEOUT_S = 2.0


class LineGoneError(Exception):
    """The other side cannot be reached, refused us, spoke nonsense, or has gone."""


class Line(Protocol):
    """A connection that one thread uses."""

    def interrupt(self) -> None:
        """Make a call that blocks in another thread raise `LineGoneError`."""

    def disconnect(self) -> None:
        """Give the connection back."""


LineT = TypeVar("LineT", bound=Line)


class Reconnecting:
    """Connects, follows until the line is gone, and tries again, ever more seldom.

    A line that held for a while is tried again soon; one that breaks at once is not, so that a
    broken server costs next to nothing.
    """

    def __init__(
        self, name: str, connect: Callable[[], LineT], follow: Callable[[LineT], None]
    ) -> None:
        """Prepare the thread `name`.

        Args:
            name: of the thread, for who looks at the process.
            connect: opens the line, or raises `LineGoneError`.
            follow: blocks on the line until that raises `LineGoneError`, and calls `answered`.
        """
        self._line: Line | None = None
        self._line_lock = threading.Lock()
        self._closing = threading.Event()
        self._answered = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(connect, follow), name=name, daemon=True
        )

    def start(self) -> None:
        """Begin; returns after the first answer, or after two seconds."""
        self._thread.start()
        self._answered.wait(FIRST_ANSWER_TIMEOUT_S)

    def answered(self) -> None:
        """Say that the other side has told what there is."""
        self._answered.set()

    @property
    def is_closing(self) -> bool:
        """Whether `close` was called: nothing is told any more."""
        return self._closing.is_set()

    def close(self) -> None:
        """End the line and the thread."""
        self._closing.set()
        with self._line_lock:
            if self._line is not None:
                self._line.interrupt()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_TIMEOUT_S)

    def _run(self, connect: Callable[[], LineT], follow: Callable[[LineT], None]) -> None:
        retry_s = _RETRY_FIRST_S
        while not self._closing.is_set():
            began_at = time.monotonic()
            self._follow_once(connect, follow)
            self._answered.set()
            if time.monotonic() - began_at > _RETRY_MOST_S:
                retry_s = _RETRY_FIRST_S
            self._closing.wait(retry_s)
            retry_s = min(2 * retry_s, _RETRY_MOST_S)

    def _follow_once(self, connect: Callable[[], LineT], follow: Callable[[LineT], None]) -> None:
        try:
            line = connect()
        except LineGoneError:
            return
        with self._line_lock:
            self._line = line
        try:
            if not self._closing.is_set():
                follow(line)
        except LineGoneError:
            pass  # closed by us, or the server is gone: both end this line
        finally:
            with self._line_lock:
                self._line = None
                line.disconnect()
