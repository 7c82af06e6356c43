"""How well a limit of 50 % is held, in every quarter of a second, by each sandbox."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from gridle.market.protocol.manifest import Runtime
from gridle.worker.sandbox.port import Share
from tests.benchmarks.busy_jobs import compile_spin
from tests.benchmarks.sandbox_tasks import Bench, bench
from tests.benchmarks.table import Row
from tests.benchmarks.task_clock import cpu_ns, task_pids

LIMIT_PERCENT = 50.0
WINDOW_S = 0.25
SPAN_S = 30.0
SETTLE_S = 2.0
PEER = "BOINC 7.20.5 at 50 %, measured earlier"
PEER_MEAN, PEER_STD = 48.3, 47.0


def measure() -> Iterator[Row]:
    """Yield mean and standard deviation over quarter-second windows, for each sandbox."""
    with (
        tempfile.TemporaryDirectory(prefix="gridle-bench-") as folder,
        bench(Path(folder) / "tasks") as made,
    ):
        yield from _rows("wasm", _hold(made, made.prepare_wasm(compile_spin(Path(folder)))))
        spin = made.prepare_container("python3", "-c", "while True: pass")
        if made.works("container") and spin:
            yield from _rows("container", _hold(made, spin))
        else:
            sys.stderr.write("no container engine or image here: its rows are left out\n")


def _rows(kind: str, windows: list[float]) -> Iterator[Row]:
    name = f"cpu_limit_{kind}"
    mean, deviation = statistics.mean(windows), statistics.pstdev(windows)
    yield Row(f"{name}_mean_percent", mean, "% of a core", "50 ± 2", PEER, PEER_MEAN)
    yield Row(f"{name}_std_points", deviation, "points", "≤ 5", PEER, PEER_STD)


def _hold(made: Bench, runtime: Runtime) -> list[float]:
    """Run a busy loop under the limit; returns its CPU per window, in percent of a core."""
    task, ended = made.start(runtime, Share(LIMIT_PERCENT))
    try:
        return _watch(_clock())
    finally:
        task.stop()
        ended.wait(20)


def _clock() -> Callable[[], int]:
    """Return the CPU clock of this process's tasks, once they run."""
    give_up_at = time.monotonic() + 30
    while time.monotonic() < give_up_at:
        wasm, containers = task_pids(os.getpid())
        if wasm or containers:
            return lambda: cpu_ns(wasm + containers)
        threading.Event().wait(0.1)
    message = "the busy task did not start"
    raise TimeoutError(message)


def _watch(clock: Callable[[], int]) -> list[float]:
    threading.Event().wait(SETTLE_S)
    psutil.Process().nice(-5)  # the observer must not be late because of what it observes
    windows: list[float] = []
    last_ns, last_at = clock(), time.monotonic()
    end_at = last_at + SPAN_S
    while last_at < end_at:
        threading.Event().wait(WINDOW_S)
        now_ns, now_at = clock(), time.monotonic()
        windows.append(100 * (now_ns - last_ns) / 1e9 / (now_at - last_at))
        last_ns, last_at = now_ns, now_at
    return windows
