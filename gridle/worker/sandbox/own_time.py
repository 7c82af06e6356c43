"""The time that counts against a task's limit: its own, not what this machine kept from it.

Tasks run at the lowest weight and under a share, so on a busy or throttled machine an honest one
can wait for long; no such wait may fail it. What counts is the time in which it computed, and the
time in which it waited for something that is not a CPU, such as a sleep or a lock: a task that
hangs still meets its limit.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OwnTime:
    """Seconds counted against `wall_limit_s` so far; never more than really passed."""

    counted_s: float = 0.0

    def after(self, passed_s: float, used_s: float, *, wants_cpu: bool) -> OwnTime:
        """Count an interval.

        Args:
            passed_s: seconds of running, pauses left out.
            used_s: CPU seconds used meanwhile, of all cores together.
            wants_cpu: whether the task could compute at once if it were given a CPU.
        """
        own_s = min(passed_s, max(0.0, used_s)) if wants_cpu else passed_s
        return OwnTime(self.counted_s + max(0.0, own_s))
