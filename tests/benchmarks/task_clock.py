"""CPU clocks of all running tasks, to the nanosecond, read from outside the worker."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

WASM_HOST = "wasm_host"


def task_pids(worker_pid: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the processes of this worker's WebAssembly tasks, and those of Gridle's containers."""
    children = psutil.Process(worker_pid).children(recursive=True)
    wasm = tuple(child.pid for child in children if _is_wasm_host(child))
    return wasm, tuple(_container_pids())


def _is_wasm_host(process: psutil.Process) -> bool:
    try:
        return any(WASM_HOST in word for word in process.cmdline())
    except psutil.NoSuchProcess:  # it ended between being listed and being looked at
        return False


def _container_pids() -> Iterable[int]:
    ids = subprocess.run(
        ["podman", "ps", "-q", "--filter", "label=gridle.worker"],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    ).stdout.split()
    for name in ids:
        pid = subprocess.run(
            ["podman", "inspect", "--format", "{{.State.Pid}}", name],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        ).stdout
        main = psutil.Process(int(pid))
        yield main.pid
        yield from (child.pid for child in main.children(recursive=True))


def cpu_ns(pids: Iterable[int]) -> int:
    """Return the nanoseconds that these processes (all threads) have been on a CPU."""
    total = 0
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            total += int((thread / "schedstat").read_text("ascii").split()[0])
    return total


def last_use(pids: tuple[int, ...], began: threading.Event, watch_s: float) -> float:
    """Watch for `watch_s` seconds and return when, by the monotonic clock, a CPU was last used.

    The clocks are read about twice a millisecond; the answer is the moment of the first reading
    that shows the last use. `began` is set once the watching has begun.
    """
    last_ns, last_at = cpu_ns(pids), time.monotonic()
    end_at = last_at + watch_s
    began.set()
    while (now := time.monotonic()) < end_at:
        used_ns = cpu_ns(pids)
        if used_ns != last_ns:
            last_ns, last_at = used_ns, now
        time.sleep(0.0005)
    return last_at
