"""A practice market with more busy tasks than this machine has cores, for measuring the pause.

A worker never runs more one-core tasks than there are cores; two workers, as of two people on one
machine, run twice as many. Both hear the same key.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gridle.market.practice.child import ChildPlan
from gridle.market.practice.practice import Practice
from tests.benchmarks.busy_jobs import write_busy_jobs
from tests.benchmarks.task_clock import cpu_ns, task_pids

START_TIMEOUT_S = 180.0
_AT_FULL_SPEED = (
    "idle_after_s=1",
    "while_away.cpu_percent=100",
    "foreign_cpu_max_percent=100",  # to each of the workers, the other's tasks are foreign
    "memory_pressure_max_percent=100",
)
_SECOND = "second-worker"


@dataclass(frozen=True)
class BusyTasks:
    """The processes of tasks that never end."""

    wasm: tuple[int, ...]
    containers: tuple[int, ...]

    @property
    def pids(self) -> tuple[int, ...]:
        """All of them."""
        return self.wasm + self.containers

    def wait_for_use(self) -> None:
        """Return once every one of them has used the CPU for a while.

        Raises:
            TimeoutError: one does not.
        """
        give_up_at = time.monotonic() + START_TIMEOUT_S
        for pid in self.pids:
            start_ns = cpu_ns([pid])
            while cpu_ns([pid]) < start_ns + 20_000_000:
                if time.monotonic() > give_up_at:
                    message = f"task {pid} does not compute"
                    raise TimeoutError(message)
                threading.Event().wait(0.01)


@contextmanager
def busy_workers(folder: Path) -> Iterator[BusyTasks]:
    """Start two workers with a busy container task and a busy WebAssembly task each.

    They watch the session that this process's environment names.
    """
    jobs = write_busy_jobs(folder / "jobs", tasks_each=2)
    with Practice(folder / "practice", lambda _: None, jobs) as practice:
        homes = (practice.places.worker, practice.home / _SECOND)
        for home in homes:
            _set_limits(practice, home)
        practice.start_worker()
        practice.supervisor.start(_second(practice, homes[1]))
        workers = [practice.supervisor.pid(name) for name in ("worker", _SECOND)]
        tasks = _started(workers)
        tasks.wait_for_use()
        yield tasks


def _set_limits(practice: Practice, home: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "gridle", "worker", "limits", "--set", *_AT_FULL_SPEED],
        env={**practice.environment(), "GRIDLE_WORKER_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _second(practice: Practice, home: Path) -> ChildPlan:
    market = ["--market", practice.facts.market_url, "--payout", practice.payee]
    environment = {**practice.environment(), "GRIDLE_WORKER_HOME": str(home)}
    arguments = ["-m", "gridle", "worker", "run", "--start", *market]
    return ChildPlan(_SECOND, arguments, environment, practice.places.log(_SECOND))


def _started(workers: list[int]) -> BusyTasks:
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up_at:
        found = [task_pids(pid) for pid in workers]
        wasm = tuple(pid for each, _ in found for pid in each)
        containers = tuple(pid for _, each in found for pid in each)
        if len(wasm) >= len(workers) and len(containers) >= len(workers):
            return BusyTasks(wasm, containers)
        threading.Event().wait(0.2)
    message = "the busy tasks did not all start"
    raise TimeoutError(message)
