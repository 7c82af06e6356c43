"""The worker with nothing to do for five minutes, beside Debian's boinc-client at the same time."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gridle.market.practice.practice import Practice
from tests.benchmarks.process_cost import idle_costs
from tests.benchmarks.table import Row

SETTLE_S = 20.0
SPAN_S = 300.0


def measure() -> Iterator[Row]:
    """Yield resident memory, CPU and wake-ups, each with the peer's."""
    with tempfile.TemporaryDirectory(prefix="gridle-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        theirs = stack.enter_context(_boinc(folder / "boinc"))
        pids = [stack.enter_context(_worker(folder / "practice")), *theirs]
        idle_costs(pids, SETTLE_S)
        ours, *peers = idle_costs(pids, SPAN_S)
    peer = f"boinc-client, the same {SPAN_S:.0f} s" if peers else "boinc-client is not installed"
    for name, unit, target, figure in (
        ("worker_idle_rss_mb", "MB", "≤ 45", "rss_mb"),
        ("worker_idle_cpu_pct", "% of a core", "≤ 0.1", "cpu_percent"),
        ("worker_idle_wakeups_per_s", "1/s", "≤ 2", "wakeups_per_s"),
    ):
        peer_value = getattr(peers[0], figure) if peers else None
        yield Row(name, getattr(ours, figure), unit, target, peer, peer_value)


@contextmanager
def _worker(home: Path) -> Iterator[int]:
    """Run a whole market that has no jobs, and yield its worker's process id."""
    jobs = home.parent / "no-jobs"
    jobs.mkdir()
    with Practice(home, lambda _: None, jobs) as practice:
        practice.start_worker()
        yield practice.supervisor.pid("worker")


@contextmanager
def _boinc(home: Path) -> Iterator[list[int]]:
    """Run BOINC's client without a project, and yield its process id where it is installed."""
    if shutil.which("boinc") is None:
        yield []
        return
    home.mkdir()
    process = subprocess.Popen(
        ["boinc", "--dir", str(home), "--no_gpus", "--gui_rpc_port", "31499"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield [process.pid]
    finally:
        process.terminate()
        process.wait(20)
