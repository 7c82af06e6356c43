"""Holding a share by running and stopping in turns, corrected by what was really used.

The fallback where no cgroup quota can be had, and the way to share a graphics card. The plan is
pure; `Throttle` carries it out.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

CYCLE_S = 0.020
_MOST_OWED_CYCLES = 25
"""Overdrawn time (a busy machine woke us late) is remembered longer than saved time."""


@dataclass(frozen=True)
class Balance:
    """Seconds that may be used now; negative after overdrawing.

    `width` is how many seconds can be used in one second of running: the cores of a program, or
    one where the time of running itself is counted.
    """

    credit_s: float = 0.0
    width: float = 1.0
    cycle_s: float = CYCLE_S

    def after(self, share: float, elapsed_s: float, used_s: float) -> Balance:
        """Return the balance after `elapsed_s` at `share` (1.0: a whole core) with use `used_s`.

        Unused time is soon forgotten, so that no burst makes up for a long wait.
        """
        most_s = self.cycle_s * self.width
        credit_s = self.credit_s + share * elapsed_s - used_s
        return replace(self, credit_s=max(-_MOST_OWED_CYCLES * most_s, min(most_s, credit_s)))

    def run_s(self) -> float:
        """Return for how much of the next cycle to run.

        Less than a twentieth of a cycle costs more in switching than it computes: it is saved up.
        """
        run_s = self.credit_s / self.width
        return 0.0 if run_s < self.cycle_s / 20 else min(self.cycle_s, run_s)


class Throttle:
    """Runs and stops one process in turns, from a thread of its own, until closed.

    `halt` and `go` send the signals; `used_s` reads the seconds used so far, by whatever clock is
    to be held to the share: of CPU, or of running at all.
    """

    def __init__(
        self,
        name: str,
        halt: Callable[[], None],
        go: Callable[[], None],
        used_s: Callable[[], float],
        *,
        width: float = 1.0,
        cycle_s: float = CYCLE_S,
        held: bool = False,
    ) -> None:
        self._halt = halt
        self._go = go
        self._used_s = used_s
        self._share = self._width = width
        self._cycle_s = cycle_s
        self._held = held
        self._closed = False
        self._changed = threading.Condition()
        threading.Thread(target=self._turns, name=f"throttle-{name}", daemon=True).start()

    def set_share(self, share: float, width: float = 1.0) -> None:
        """Hold to `share` from now on; `width` and more means unthrottled."""
        with self._changed:
            self._share, self._width = share, width
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
        """End the thread; the process is left as it is, and no turn starts after this returns."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _turns(self) -> None:
        with self._changed:
            while not self._closed:
                if self._held or self._share >= self._width:
                    if not self._held:
                        self._go()
                    self._changed.wait()
                else:
                    self._in_turns(self._width)

    def _in_turns(self, width: float) -> None:
        """Take turns until held, closed, or free of any share."""
        balance = Balance(width=width, cycle_s=self._cycle_s)
        seen_s, used_s = time.monotonic(), self._used_s()
        while not (self._closed or self._held or self._share >= width or self._width != width):
            self._turn(seen_s + self._cycle_s, balance.run_s())
            now_s, now_used_s = time.monotonic(), self._used_s()
            balance = balance.after(self._share, now_s - seen_s, now_used_s - used_s)
            seen_s, used_s = now_s, now_used_s

    def _turn(self, ends_s: float, run_s: float) -> None:
        """Run for `run_s`, then halt until `ends_s`; a change of plan ends the turn early."""
        if run_s > 0.0:
            self._go()
            if self._changed.wait(run_s):
                return
        self._halt()
        self._changed.wait(max(0.0, ends_s - time.monotonic()))
