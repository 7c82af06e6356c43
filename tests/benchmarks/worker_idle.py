"""The worker with nothing to do, beside Debian's boinc-client with nothing to do."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gridle.market.practice.practice import Practice
from tests.benchmarks.process_cost import IdleCost, idle_cost
from tests.benchmarks.table import Row

SETTLE_S = 20.0
SPAN_S = 60.0


def measure() -> Iterator[Row]:
    """Yield resident memory, CPU and wake-ups, each with the peer's."""
    with tempfile.TemporaryDirectory(prefix="gridle-bench-") as folder:
        ours = _our_cost(Path(folder) / "practice")
        theirs = _boinc_cost(Path(folder) / "boinc")
    peer = f"boinc-client, {SPAN_S:.0f} s" if theirs else "boinc-client is not installed"
    for name, unit, target, figure in (
        ("worker_idle_rss_mb", "MB", "≤ 45", "rss_mb"),
        ("worker_idle_cpu_pct", "% of a core", "≤ 0.1", "cpu_percent"),
        ("worker_idle_wakeups_per_s", "1/s", "≤ 2", "wakeups_per_s"),
    ):
        peer_value = getattr(theirs, figure) if theirs else None
        yield Row(name, getattr(ours, figure), unit, target, peer, peer_value)


def _our_cost(home: Path) -> IdleCost:
    jobs = home.parent / "no-jobs"
    jobs.mkdir()
    with Practice(home, lambda _: None, jobs) as practice:
        practice.start_worker()
        return _settled_cost(practice.supervisor.pid("worker"))


def _boinc_cost(home: Path) -> IdleCost | None:
    if shutil.which("boinc") is None:
        return None
    home.mkdir()
    with _running(["boinc", "--dir", str(home), "--no_gpus", "--gui_rpc_port", "31499"]) as pid:
        return _settled_cost(pid)


def _settled_cost(pid: int) -> IdleCost:
    idle_cost(pid, SETTLE_S)
    return idle_cost(pid, SPAN_S)


@contextmanager
def _running(argv: list[str]) -> Iterator[int]:
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)
