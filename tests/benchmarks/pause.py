"""From a real key press to the last moment in which any task used the CPU."""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gridle.market.practice.practice import Practice
from tests.benchmarks.busy_jobs import write_busy_jobs
from tests.benchmarks.table import Row
from tests.benchmarks.task_clock import cpu_ns, last_use, task_pids
from tests.x_server import Hand, x_server

TRIALS = 50
WATCH_S = 0.9
START_TIMEOUT_S = 120.0
PEER = "BOINC 7.20.5, measured earlier over 30 key presses: p50, max"
PEER_P50_MS, PEER_MAX_MS = 650.0, 1090.0


def measure() -> Iterator[Row]:
    """Yield p50 and p99 over the trials, with a busy container and a busy WebAssembly task."""
    with (
        tempfile.TemporaryDirectory(prefix="gridle-bench-") as folder,
        x_server() as display,
    ):
        os.environ["DISPLAY"] = display
        jobs = write_busy_jobs(Path(folder) / "jobs", tasks_each=1)
        with Practice(Path(folder) / "practice", lambda _: None, jobs) as practice:
            practice.idle_after_s = 1
            practice.start_worker()
            worker_pid = practice.supervisor.pid("worker")
            _wait_for_both(worker_pid)
            hand = Hand(display)
            delays_ms = [1000 * _trial(worker_pid, hand) for _ in range(TRIALS)]
            hand.close()
    delays_ms.sort()
    sys.stderr.write(f"pause over {TRIALS} key presses: worst {delays_ms[-1]:.0f} ms\n")
    p99_ms = delays_ms[min(TRIALS - 1, round(0.99 * TRIALS))]
    yield Row("pause_x11_p50_ms", statistics.median(delays_ms), "ms", "≤ 250", PEER, PEER_P50_MS)
    yield Row("pause_x11_p99_ms", p99_ms, "ms", "≤ 250", PEER, PEER_MAX_MS)


def _trial(worker_pid: int, hand: Hand) -> float:
    """Wait until the tasks compute, press a key at a random moment, and watch them stop.

    Returns:
        Seconds from the key to the last use of a CPU.
    """
    wasm, containers = task_pids(worker_pid)
    pids = wasm + containers
    _wait_for_use(pids)
    threading.Event().wait(random.uniform(0.05, 0.4))  # noqa: S311 - not a secret
    with ThreadPoolExecutor(1) as watcher:
        began = threading.Event()
        watching = watcher.submit(last_use, pids, began, WATCH_S)
        began.wait()
        pressed_at = hand.press()
        return watching.result() - pressed_at


def _wait_for_both(worker_pid: int) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up_at:
        wasm, containers = task_pids(worker_pid)
        if wasm and containers:
            _wait_for_use(wasm + containers)
            return
        threading.Event().wait(0.2)
    message = "the busy tasks did not both start"
    raise TimeoutError(message)


def _wait_for_use(pids: tuple[int, ...]) -> None:
    """Return once every one of these has used the CPU for a while."""
    give_up_at = time.monotonic() + START_TIMEOUT_S
    for pid in pids:
        start_ns = cpu_ns([pid])
        while cpu_ns([pid]) < start_ns + 20_000_000:
            if time.monotonic() > give_up_at:
                message = f"task {pid} does not compute"
                raise TimeoutError(message)
            threading.Event().wait(0.01)
