"""A whole `gridle practice` as a person starts it, seen from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import psutil

from gridle.market.chain.hub import Hub
from gridle.market.client.http import SignedHttp
from gridle.market.client.market_client import MarketClient
from gridle.market.client.profile import Profile
from gridle.market.protocol.errors import GridleError
from gridle.market.protocol.job_messages import JobDetail
from gridle.practice_home import FACTS_NAME, PracticeFacts
from gridle.worker.ipc.client import WorkerClient
from gridle.worker.ipc.endpoint import Endpoint
from gridle.worker.ipc.messages import WorkerState

START_TIMEOUT_S = 120.0
LOOK_AGAIN_S = 0.1


class PracticeRun:
    """A running practice and what can be seen of it."""

    def __init__(self, process: subprocess.Popen[bytes], home: Path) -> None:
        self.process = process
        self.home = home

    def facts(self) -> PracticeFacts:
        """Return how to reach the market and the chain."""
        return msgspec.json.decode((self.home / FACTS_NAME).read_bytes(), type=PracticeFacts)

    def worker_pid(self) -> int:
        """Return the process id of the worker that answers now."""
        with WorkerClient(Endpoint(self.home / "worker"), "test") as worker:
            return worker.welcome.pid

    def child_pid(self, words: str) -> int:
        """Return the child whose command line holds these words."""
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # one that just died is not the one
                if words in " ".join(child.cmdline()):
                    return child.pid
        raise LookupError(words)

    def until(self, holds: Callable[[WorkerState], bool], timeout_s: float) -> WorkerState:
        """Return the first state of the worker that fits, whatever restarts come between."""
        give_up_at = time.monotonic() + timeout_s
        seen: WorkerState | None = None
        while time.monotonic() < give_up_at:
            assert self.process.poll() is None, "the practice ended by itself"
            try:
                with WorkerClient(Endpoint(self.home / "worker"), "test") as worker:
                    seen = worker.state()
                    while not holds(seen) and time.monotonic() < give_up_at:
                        seen = worker.next_state()
                    if holds(seen):
                        return seen
            except (GridleError, OSError):
                time.sleep(LOOK_AGAIN_S)  # it is starting (again): nothing to wait on yet
        raise AssertionError(seen)

    def hub(self) -> Hub:
        """Return the hub on the practice's chain."""
        facts = self.facts()
        return Hub([facts.rpc_url], facts.hub)

    def jobs(self) -> list[JobDetail]:
        """Return the sample requestor's jobs with their tasks."""
        identity = Profile(self.home / "requestor").identity()
        with MarketClient(SignedHttp(self.facts().market_url, identity)) as client:
            return [client.job(job.job_id) for job in client.jobs()]

    def end(self) -> int:
        """End it as a service manager would, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@contextmanager
def practice_run(home: Path, *arguments: str, **environment: str) -> Iterator[PracticeRun]:
    """Start `gridle practice` and make sure that it is gone afterwards."""
    log = home.parent / "practice.out"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gridle", "practice", "--home", str(home), *arguments],
            # The GUI tests of the same run set Qt to draw nowhere; here it draws on a real screen.
            env={**os.environ, "QT_QPA_PLATFORM": "xcb", **environment},
            stdout=output,
            stderr=output,
        )
    try:
        yield PracticeRun(process, home)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(30)
        sys.stdout.write(log.read_text("utf-8", "replace"))


def family(pid: int) -> list[psutil.Process]:
    """Return all processes that descend from this one."""
    return psutil.Process(pid).children(recursive=True)
