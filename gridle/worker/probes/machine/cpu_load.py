"""How much of the CPU programs other than our tasks use, from the kernel's own counters."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import psutil

TIME_CONSTANT_S = 5.0
"""A load that comes and stays is shown to 63 % after this long."""
_WAITING_STEP_S = 0.1
_LATE_S = 1.5
"""What our tasks have used is known at most this long after they used it."""


@dataclass(frozen=True)
class CpuTimes:
    """Seconds since boot, over all cores together."""

    busy_s: float
    total_s: float


@dataclass(frozen=True)
class _Point:
    """The machine's counters with our tasks' at the same moment."""

    times: CpuTimes
    our_cpu_s: float


def machine_cpu_times() -> CpuTimes:
    """Read the machine's counters now."""
    times = psutil.cpu_times()._asdict()
    # Linux counts a guest's time in `user` already.
    total_s = sum(times.values()) - times.get("guest", 0.0) - times.get("guest_nice", 0.0)
    return CpuTimes(total_s - times["idle"] - times.get("iowait", 0.0), total_s)


class ForeignLoad:
    """The share of all cores that others use, as an exponential average over seconds.

    Our tasks' figure comes late, and in steps. A moment counts only where the two fit together:
    where our figure has just come, or where none came for so long afterwards that our tasks used
    nothing. So a task that starts does not show as somebody else's load until it is first heard
    of. What still slips through is counted with its sign, and evens out.
    """

    def __init__(self, start: CpuTimes, cores: int, period_s: float) -> None:
        """Begin at `start`; only moments at least `period_s` apart are compared."""
        self._last = _Point(start, 0.0)
        self._waiting: deque[_Point] = deque()
        self._heard_cpu_s = 0.0
        self._cores = max(1, cores)
        self._period_s = period_s
        self._percent: float | None = None

    def update(self, now: CpuTimes, our_cpu_s: float) -> float:
        """Return the share in percent; the last one again where nothing new can be told.

        `our_cpu_s` is what our tasks have used in all, ever; it may start over at 0.
        """
        point = _Point(now, our_cpu_s)
        if our_cpu_s != self._heard_cpu_s:
            self._heard_cpu_s = our_cpu_s
            self._waiting.clear()
            self._take(point)
        else:
            if not self._waiting or self._seconds(self._waiting[-1], point) >= _WAITING_STEP_S:
                self._waiting.append(point)
            proven = None
            while self._waiting and self._seconds(self._waiting[0], point) >= _LATE_S:
                proven = self._waiting.popleft()
            if proven is not None:
                self._take(proven)
        return min(100.0, max(0.0, self._percent or 0.0))

    def _seconds(self, before: _Point, after: _Point) -> float:
        return (after.times.total_s - before.times.total_s) / self._cores

    def _take(self, point: _Point) -> None:
        passed_s = self._seconds(self._last, point)
        if passed_s < self._period_s or passed_s <= 0:
            return
        ours_s = point.our_cpu_s - self._last.our_cpu_s
        foreign_s = point.times.busy_s - self._last.times.busy_s - ours_s
        self._last = point
        if ours_s < 0:  # it started over: this stretch cannot be told
            return
        percent = min(100.0, max(-100.0, 100 * foreign_s / (passed_s * self._cores)))
        if self._percent is None:
            self._percent = percent
        weight = -math.expm1(-passed_s / TIME_CONSTANT_S)
        self._percent += weight * (percent - self._percent)
