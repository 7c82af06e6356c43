"""The user's hands as an X server sees them: one thread, blocked until a rest begins or ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from gridle.worker.policy.readings import Blindness
from gridle.worker.probes.presence.user_input import InputReading, unseen
from gridle.worker.probes.presence.x11_display import REST_MS, X11Display, X11GoneError

_FIRST_ANSWER_TIMEOUT_S = 2.0
_RETRY_FIRST_S = 1.0
_RETRY_MOST_S = 30.0
_POLL_CLOSELY_S = 0.05
_POLL_LOOSELY_S = 2.0
_JOIN_TIMEOUT_S = 2.0


@dataclass(frozen=True)
class _Hands:
    """What the server last said; `at` is a time of `time.monotonic`."""

    last_input_at: float
    resting: bool


class X11Input:
    """Watches one display; where its server goes, the session is unseen until it is back."""

    def __init__(self, display_name: str) -> None:
        self._display_name = display_name
        self._display: X11Display | None = None
        self._display_lock = threading.Lock()
        self._closing = threading.Event()
        self._answered = threading.Event()
        self._poll_now = threading.Event()
        self._closely = False
        self._hands: _Hands | None = None  # swapped whole, so that readers need no lock
        self._on_input: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._run, name="x11-input", daemon=True)

    def start(self, on_input: Callable[[], None]) -> None:
        """Begin; returns after the first answer of the server, or after two seconds."""
        self._on_input = on_input
        self._thread.start()
        self._answered.wait(_FIRST_ANSWER_TIMEOUT_S)

    def read(self) -> InputReading:
        """Return what the server last said, carried on to now."""
        hands = self._hands
        if hands is None:
            return unseen(Blindness.NO_X_ACCESS)
        resting_s = time.monotonic() - hands.last_input_at if hands.resting else 0.0
        return InputReading(max(0.0, resting_s), session_unseen=False)

    def watch_closely(self, *, on: bool) -> None:
        """Poll fast while `on` where the server has no alarms; with them nothing changes."""
        self._closely = on
        self._poll_now.set()

    def close(self) -> None:
        """Stop the thread and give the connection back."""
        self._closing.set()
        self._poll_now.set()
        with self._display_lock:
            if self._display is not None:
                self._display.interrupt()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_TIMEOUT_S)

    def _run(self) -> None:
        retry_s = _RETRY_FIRST_S
        while not self._closing.is_set():
            try:
                display = X11Display(self._display_name)
            except X11GoneError:
                self._answered.set()
            else:
                retry_s = _RETRY_FIRST_S
                self._watch(display)
            self._closing.wait(retry_s)
            retry_s = min(2 * retry_s, _RETRY_MOST_S)

    def _watch(self, display: X11Display) -> None:
        """Follow one connection until it ends."""
        with self._display_lock:
            self._display = display
        try:
            self._note(display.idle_ms())
            self._answered.set()
            while not self._closing.is_set():
                self._note(display.wait_for_alarm() if display.has_alarms else self._poll(display))
        except X11GoneError:
            pass  # closed by us, or the server is gone: both end this connection
        finally:
            self._hands = None
            self._answered.set()
            with self._display_lock:
                self._display = None
                display.disconnect()
        self._tell()

    def _poll(self, display: X11Display) -> int:
        """Wait for the next look at a server without alarms, and look."""
        self._poll_now.wait(_POLL_CLOSELY_S if self._closely else _POLL_LOOSELY_S)
        self._poll_now.clear()
        return display.idle_ms()

    def _note(self, idle_ms: int) -> None:
        """Take in the server's figure; tell when a session appears or a rest ends."""
        before = self._hands
        resting = idle_ms >= REST_MS
        self._hands = _Hands(time.monotonic() - idle_ms / 1000, resting)
        if before is None or (before.resting and not resting):
            self._tell()

    def _tell(self) -> None:
        if self._on_input is not None and not self._closing.is_set():
            self._on_input()
