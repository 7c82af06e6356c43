"""CPU use of several groups of processes at once, in windows of a quarter of a second."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from tests.benchmarks.task_clock import cpu_ns

WINDOW_S = 0.25
_OBSERVER_NICE = -5
"""The observer must not be late because of what it observes."""

Pids = tuple[int, ...]


@dataclass(frozen=True)
class Held:
    """How well one limit was held."""

    error_points: float
    """Of the mean over all windows, from the limit."""
    std_points: float


def held(windows: list[float], percent: float) -> Held:
    """Compare windows, in percent, with the limit."""
    return Held(abs(statistics.mean(windows) - percent), statistics.pstdev(windows))


def watch(groups: Mapping[str, Pids], span_s: float) -> dict[str, list[float]]:
    """Return for each group its CPU use in each window, in percent of one core."""
    psutil.Process(os.getpid()).nice(_OBSERVER_NICE)
    windows: dict[str, list[float]] = {name: [] for name in groups}
    last = {name: (cpu_ns(pids), time.monotonic()) for name, pids in groups.items()}
    next_at = time.monotonic()
    end_at = next_at + span_s
    while next_at < end_at:
        next_at += WINDOW_S
        threading.Event().wait(max(0.0, next_at - time.monotonic()))
        for name, pids in groups.items():
            before_ns, before_s = last[name]
            now = last[name] = (cpu_ns(pids), time.monotonic())
            windows[name].append(100 * (now[0] - before_ns) / 1e9 / (now[1] - before_s))
    return windows
