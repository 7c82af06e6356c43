"""A real worker with busy tasks, on a machine whose owner is there and lets it go on."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from unittest import mock

from gridle.market.practice.practice import Practice
from gridle.worker.ipc.client import WorkerClient
from gridle.worker.ipc.endpoint import Endpoint
from gridle.worker.ipc.messages import PauseWork, StartWork, WorkerTaskState
from tests.benchmarks.busy_jobs import write_busy_jobs
from tests.x_server import Hand, x_server

START_TIMEOUT_S = 180.0
_TYPE_EVERY_S = 1.0
_CALM_S = 20.0
"""Until the load of the round before is forgotten, and the share has come back."""


class WorkerInUse:
    """All limits are the defaults but one: work goes on, within the in-use budget, in use."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._ask_pause(paused=True)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Let its tasks run; outside of this the owner has paused it."""
        self._ask_pause(paused=False)
        self._wait_for_running_tasks()
        threading.Event().wait(_CALM_S)
        try:
            yield
        finally:
            self._ask_pause(paused=True)

    def _ask_pause(self, *, paused: bool) -> None:
        with WorkerClient(self._endpoint, "bench") as worker:
            worker.ask(PauseWork() if paused else StartWork())

    def _wait_for_running_tasks(self) -> None:
        give_up_at = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < give_up_at:
            with WorkerClient(self._endpoint, "bench") as worker:
                tasks = worker.state().tasks
            if any(task.state is WorkerTaskState.RUNNING for task in tasks):
                return
            threading.Event().wait(0.5)
        message = "no busy task runs beside its owner"
        raise TimeoutError(message)


@contextmanager
def worker_in_use(folder: Path) -> Iterator[WorkerInUse]:
    """Start a practice market with busy tasks, and somebody who types once a second."""
    jobs = write_busy_jobs(folder / "jobs", tasks_each=2)
    with (
        x_server() as display,
        mock.patch.dict(os.environ, {"DISPLAY": display}),
        closing(Hand(display)) as hand,
        _typing(hand),
        Practice(folder / "practice", lambda _: None, jobs) as practice,
    ):
        for name in ("WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
            os.environ.pop(name, None)
        home = practice.places.worker
        limits = ["worker", "limits", "--home", str(home), "--set", "pause_when_used=off"]
        subprocess.run([sys.executable, "-m", "gridle", *limits], check=True, capture_output=True)
        practice.start_worker()
        yield WorkerInUse(Endpoint(home))


@contextmanager
def _typing(hand: Hand) -> Iterator[None]:
    ended = threading.Event()

    def type_on() -> None:
        while not ended.wait(_TYPE_EVERY_S):
            hand.press()

    thread = threading.Thread(target=type_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
