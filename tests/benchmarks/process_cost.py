"""What processes cost while they have nothing to do, by the kernel's own accounts."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class IdleCost:
    """Averages over a span of time; memory as it was at its end."""

    rss_mb: float
    cpu_percent: float
    """Of one core."""
    wakeups_per_s: float
    """Voluntary context switches of all its threads."""


@dataclass(frozen=True)
class _Used:
    cpu_s: float
    switches: int


def idle_costs(pids: Sequence[int], span_s: float) -> tuple[IdleCost, ...]:
    """Watch processes for the same `span_s` seconds without touching them."""
    processes = [psutil.Process(pid) for pid in pids]
    before = [_used(process) for process in processes]
    threading.Event().wait(span_s)
    return tuple(
        IdleCost(
            rss_mb=process.memory_info().rss / 1e6,
            cpu_percent=100 * (after.cpu_s - earlier.cpu_s) / span_s,
            wakeups_per_s=(after.switches - earlier.switches) / span_s,
        )
        for process, earlier, after in zip(
            processes, before, [_used(process) for process in processes], strict=True
        )
    )


def _used(process: psutil.Process) -> _Used:
    times = process.cpu_times()
    switches = 0
    for thread in process.threads():
        with open(f"/proc/{process.pid}/task/{thread.id}/status", encoding="ascii") as status:  # noqa: PTH123 - a kernel file, read as a stream
            for line in status:
                if line.startswith("voluntary_ctxt_switches"):
                    switches += int(line.split()[1])
    return _Used(times.user + times.system, switches)
