"""CPU clocks of all running tasks, to the nanosecond, read from outside the worker."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil

WASM_HOST = "wasm_host"
_LABEL = "gridle.worker="
"""By which a worker's own containers are told from another's on the same machine."""


def task_pids(worker_pid: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the processes of this worker's WebAssembly tasks, and those of its containers."""
    children = psutil.Process(worker_pid).children(recursive=True)
    words = {child.pid: _words(child) for child in children}
    wasm = tuple(pid for pid, said in words.items() if any(WASM_HOST in word for word in said))
    labels = {word for said in words.values() for word in said if word.startswith(_LABEL)}
    return wasm, tuple(pid for label in labels for pid in _container_pids(label))


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # it ended between being listed and being looked at
        return []


def _container_pids(label: str) -> Iterable[int]:
    ids = subprocess.run(
        ["podman", "ps", "-q", "--filter", f"label={label}"],
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


def last_uses(pids: tuple[int, ...], began: threading.Event, watch_s: float) -> Mapping[int, float]:
    """Watch for `watch_s` seconds; returns when, by the monotonic clock, each last used a CPU.

    The clocks are read about once a millisecond; the answer is the moment of the first reading
    that shows the last use. `began` is set once the watching has begun.
    """
    began_at = time.monotonic()
    clocks = {pid: cpu_ns([pid]) for pid in pids}
    last_at = dict.fromkeys(pids, began_at)
    began.set()
    while (now := time.monotonic()) < began_at + watch_s:
        for pid, known_ns in clocks.items():
            used_ns = cpu_ns([pid])
            if used_ns != known_ns:
                clocks[pid], last_at[pid] = used_ns, now
        time.sleep(0.0005)
    return last_at
