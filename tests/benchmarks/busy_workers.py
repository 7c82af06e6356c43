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

from msgspec.json import decode

from gridle.market.practice.child import ChildPlan
from gridle.market.practice.practice import Practice
from gridle.market.practice.requestor_rounds import Rounds, under_way
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
_LOOK_AGAIN_S = 1.0


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
        second_home = practice.home / _SECOND
        for home in (practice.places.worker, second_home):
            _set_limits(practice, home)
        # A worker that finds both jobs on offer takes a task of each.
        _wait_until_ordered(practice.places.requestor / "rounds.json", jobs=2)
        practice.start_worker()
        first = _started(practice.supervisor.pid("worker"))
        practice.supervisor.start(_second(practice, second_home))
        second = _started(practice.supervisor.pid(_SECOND))
        tasks = BusyTasks(first.wasm + second.wasm, first.containers + second.containers)
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


def _wait_until_ordered(rounds: Path, jobs: int) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up_at:
        if rounds.exists() and len(under_way(decode(rounds.read_bytes(), type=Rounds))) == jobs:
            return
        threading.Event().wait(_LOOK_AGAIN_S)
    message = "the busy jobs were not ordered"
    raise TimeoutError(message)


def _started(worker: int) -> BusyTasks:
    """Wait for the tasks; what is there in two looks in a row is no passing step of a start."""
    give_up_at = time.monotonic() + START_TIMEOUT_S
    before = BusyTasks((), ())
    while time.monotonic() < give_up_at:
        now = BusyTasks(*task_pids(worker))
        if now.wasm and now.containers and now == before:
            return now
        before = now
        threading.Event().wait(_LOOK_AGAIN_S)
    message = f"the busy tasks did not both start: {before}"
    raise TimeoutError(message)
