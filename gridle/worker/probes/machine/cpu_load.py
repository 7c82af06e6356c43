"""How much of the CPU programs other than our tasks use, from the kernel's own counters."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class CpuTimes:
    """Seconds since boot, over all cores together."""

    busy_s: float
    total_s: float


def machine_cpu_times() -> CpuTimes:
    """Read the machine's counters now."""
    times = psutil.cpu_times()._asdict()
    # Linux counts a guest's time in `user` already.
    total_s = sum(times.values()) - times.get("guest", 0.0) - times.get("guest_nice", 0.0)
    return CpuTimes(total_s - times["idle"] - times.get("iowait", 0.0), total_s)


class ForeignLoad:
    """The share of all cores that others used between two readings at least `period_s` apart."""

    def __init__(self, start: CpuTimes, cores: int, period_s: float) -> None:
        self._last = start
        self._last_our_cpu_s = 0.0
        self._least_total_s = period_s * cores
        self._percent = 0.0

    def update(self, now: CpuTimes, our_cpu_s: float) -> float:
        """Return the share in percent; the last one again where too little time has passed.

        `our_cpu_s` is what our tasks have used in all, ever; it may start over at 0.
        """
        total_s = now.total_s - self._last.total_s
        if total_s >= self._least_total_s > 0:
            ours_s = max(0.0, our_cpu_s - self._last_our_cpu_s)
            foreign_s = now.busy_s - self._last.busy_s - ours_s
            self._percent = min(100.0, max(0.0, 100 * foreign_s / total_s))
            self._last = now
            self._last_our_cpu_s = our_cpu_s
        return self._percent
