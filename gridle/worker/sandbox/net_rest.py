"""Keeps the proxy slow where haste would harm: this machine's owner, or the hosts that are called.

Imports the standard library alone: the proxy's process reads it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_SHARE = 0.1
"""Of one core; enough for some hundred Mbit/s."""
_BURST_S = 0.5
_LONGEST_S = 1.0
_CONNECTIONS_S = 10
_CONNECTIONS_AT_ONCE = 40


class Rest:
    """So that no task computes past its share through its proxy.

    Called between two pieces of work; sleeps where the process worked more than its share.
    """

    def __init__(
        self,
        now_s: Callable[[], float] = time.monotonic,
        cpu_s: Callable[[], float] = time.process_time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._now_s, self._cpu_s, self._sleep = now_s, cpu_s, sleep
        self._lock = threading.Lock()
        self._credit_s = _BURST_S
        self._at_s, self._used_s = now_s(), cpu_s()

    def __call__(self) -> None:
        """Return at once, or after a rest of at most a second."""
        with self._lock:
            now_s, used_s = self._now_s(), self._cpu_s()
            earned_s = (now_s - self._at_s) * _SHARE - (used_s - self._used_s)
            self._credit_s = min(_BURST_S, self._credit_s + earned_s)
            self._at_s, self._used_s = now_s, used_s
            rest_s = min(_LONGEST_S, -self._credit_s / _SHARE)
        if rest_s > 0:
            self._sleep(rest_s)


class Turnstile:
    """Lets one connection after the other pass: many tasks together must not flood a host.

    Only the thread that accepts calls it.
    """

    def __init__(
        self,
        now_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._now_s, self._sleep = now_s, sleep
        self._free_s = now_s()

    def wait(self) -> None:
        """Return at once, or when enough time has passed since those before."""
        now_s = self._now_s()
        self._free_s = max(self._free_s, now_s) + 1 / _CONNECTIONS_S
        early_s = self._free_s - now_s - _CONNECTIONS_AT_ONCE / _CONNECTIONS_S
        if early_s > 0:
            self._sleep(early_s)
