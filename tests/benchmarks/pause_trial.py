"""Trials of the pause: from a key press to the last moment in which any task used a CPU."""

from __future__ import annotations

import os
import random
import statistics
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.benchmarks.busy_workers import BusyTasks
from tests.benchmarks.table import Row
from tests.benchmarks.task_clock import last_uses

TRIALS = int(os.environ.get("GRIDLE_PAUSE_TRIALS", "200"))
WATCH_S = 0.9


@dataclass(frozen=True)
class Peer:
    """What another program takes for the same."""

    words: str
    p50_ms: float | None = None
    most_ms: float | None = None


def pause_rows(
    session: str, target: str, tasks: BusyTasks, press: Callable[[], float], peer: Peer
) -> Iterator[Row]:
    """Measure, tell on standard error over what, and yield p50, p99 and the worst.

    Args:
        session: `x11` or `wayland`.
        target: for the p99, as the table shows it.
        tasks: what runs.
        press: presses a key; returns when, by the monotonic clock, the server was told.
        peer: for the table.
    """
    trials = [_trial(tasks, press) for _ in range(TRIALS)]
    wasm_ms = sorted(each[0] for each in trials)
    container_ms = sorted(each[1] for each in trials)
    delays_ms = sorted(max(each) for each in trials)
    kinds = f"{len(tasks.containers)} container and {len(tasks.wasm)} WebAssembly tasks"
    over = f"{TRIALS} key presses with {kinds} on {os.cpu_count()} cores"
    sys.stderr.write(
        f"pause on {session}, {over}: all {_figures(delays_ms)}; "
        f"WebAssembly {_figures(wasm_ms)}; containers {_figures(container_ms)}\n"
    )
    words = f"{peer.words} (ours: {over})"
    p50_ms = statistics.median(delays_ms)
    yield Row(f"pause_{session}_p50_ms", p50_ms, "ms", target, words, peer.p50_ms)
    yield Row(f"pause_{session}_p99_ms", _p99(delays_ms), "ms", target, words, peer.most_ms)
    yield Row(f"pause_{session}_worst_ms", delays_ms[-1], "ms", "", words, peer.most_ms)


def _trial(tasks: BusyTasks, press: Callable[[], float]) -> tuple[float, float]:
    """Wait until the tasks compute, press a key at a random moment, and watch them stop.

    Returns:
        Milliseconds from the key to the last use of a CPU, by WebAssembly and by containers.

    Raises:
        RuntimeError: none of them computed when the key was pressed: there was nothing to stop.
    """
    tasks.wait_for_use()
    threading.Event().wait(random.uniform(0.05, 0.4))  # noqa: S311 - not a secret
    with ThreadPoolExecutor(1) as watcher:
        began = threading.Event()
        watching = watcher.submit(last_uses, tasks.pids, began, WATCH_S)
        began.wait()
        pressed_at = press()
        used_at = watching.result()
    if max(used_at.values()) < pressed_at:
        message = "the tasks had stopped before the key was pressed"
        raise RuntimeError(message)
    wasm_at = max(used_at[pid] for pid in tasks.wasm)
    container_at = max(used_at[pid] for pid in tasks.containers)
    return 1000 * (wasm_at - pressed_at), 1000 * (container_at - pressed_at)


def _p99(ordered: Sequence[float]) -> float:
    return ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]


def _figures(ordered: Sequence[float]) -> str:
    median = statistics.median(ordered)
    return f"p50 {median:.0f}, p99 {_p99(ordered):.0f}, worst {ordered[-1]:.0f} ms"
