"""What a process costs while it has nothing to do, by the kernel's own accounts."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class IdleCost:
    """Averages over a span of time."""

    rss_mb: float
    cpu_percent: float
    """Of one core."""
    wakeups_per_s: float
    """Voluntary context switches of all its threads."""


def idle_cost(pid: int, span_s: float) -> IdleCost:
    """Watch a process for `span_s` seconds without touching it."""
    process = psutil.Process(pid)
    before_cpu_s, before_switches = _used(process)
    threading.Event().wait(span_s)
    after_cpu_s, after_switches = _used(process)
    return IdleCost(
        rss_mb=process.memory_info().rss / 1e6,
        cpu_percent=100 * (after_cpu_s - before_cpu_s) / span_s,
        wakeups_per_s=(after_switches - before_switches) / span_s,
    )


def _used(process: psutil.Process) -> tuple[float, int]:
    times = process.cpu_times()
    switches = 0
    for thread in process.threads():
        with open(f"/proc/{process.pid}/task/{thread.id}/status", encoding="ascii") as status:  # noqa: PTH123 - a kernel file, read as a stream
            for line in status:
                if line.startswith("voluntary_ctxt_switches"):
                    switches += int(line.split()[1])
    return times.user + times.system, switches
