"""Holding a share of CPU by running and stopping in turns, corrected by what was really used.

The fallback where no cgroup quota can be had. The plan is pure; `Throttle` carries it out.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

CYCLE_S = 0.020
_SHORTEST_RUN_S = 0.001
"""A shorter turn costs more in switching than it computes."""
_MOST_SAVED_S = CYCLE_S
"""Unused time is soon forgotten, so that no burst makes up for a long wait."""
_MOST_OWED_S = 0.5
"""Overdrawn time (a busy machine woke us late) is remembered longer."""


@dataclass(frozen=True)
class Balance:
    """CPU seconds that may be used now; negative after overdrawing."""

    credit_s: float = 0.0

    def after(self, share: float, elapsed_s: float, used_s: float) -> Balance:
        """Return the balance after `elapsed_s` at `share` (1.0: a whole core) with use `used_s`."""
        credit_s = self.credit_s + share * elapsed_s - used_s
        return Balance(max(-_MOST_OWED_S, min(_MOST_SAVED_S, credit_s)))

    def run_s(self) -> float:
        """Return for how much of the next cycle to run."""
        return 0.0 if self.credit_s < _SHORTEST_RUN_S else min(CYCLE_S, self.credit_s)


class Throttle:
    """Runs and stops one process in turns, from a thread of its own, until closed.

    `halt` and `go` send the signals; `cpu_s` reads the CPU time used so far.
    """

    def __init__(
        self,
        name: str,
        halt: Callable[[], None],
        go: Callable[[], None],
        cpu_s: Callable[[], float],
    ) -> None:
        self._halt = halt
        self._go = go
        self._cpu_s = cpu_s
        self._share = 1.0
        self._held = False
        self._closed = False
        self._changed = threading.Condition()
        threading.Thread(target=self._turns, name=f"throttle-{name}", daemon=True).start()

    def set_share(self, share: float) -> None:
        """Hold to `share` of one core from now on; 1.0 and more means unthrottled."""
        with self._changed:
            self._share = share
            self._changed.notify_all()

    def hold(self) -> None:
        """Halt until `release`; no turn starts after this returns."""
        with self._changed:
            self._held = True
            self._halt()
            self._changed.notify_all()

    def release(self) -> None:
        """Go on in turns."""
        with self._changed:
            self._held = False
            self._go()
            self._changed.notify_all()

    def close(self) -> None:
        """End the thread; the process is left as it is."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _turns(self) -> None:
        balance, seen_s, used_s = Balance(), time.monotonic(), self._cpu_s()
        with self._changed:
            while not self._closed:
                if self._held or self._share >= 1.0:
                    if not self._held:
                        self._go()
                    self._changed.wait()
                    balance, seen_s, used_s = Balance(), time.monotonic(), self._cpu_s()
                    continue
                now_s, cpu_s = time.monotonic(), self._cpu_s()
                balance = balance.after(self._share, now_s - seen_s, cpu_s - used_s)
                seen_s, used_s = now_s, cpu_s
                self._turn(now_s + CYCLE_S, balance.run_s())

    def _turn(self, ends_s: float, run_s: float) -> None:
        """Run for `run_s`, then halt until `ends_s`; a change of plan ends the turn early."""
        if run_s > 0.0:
            self._go()
            if self._changed.wait(run_s):
                return
        self._halt()
        self._changed.wait(max(0.0, ends_s - time.monotonic()))
