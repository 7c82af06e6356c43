"""A program that works without end, bare or in a sandbox, let go for a turn and held again."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from gridle.market.protocol.manifest import Isolation, MiB, Resources, Runtime
from gridle.worker.sandbox.port import RunningTask, Share
from tests.benchmarks.sandbox_tasks import END_TIMEOUT_S, Bench, Ended

_SHARE = Share(100.0 * (os.cpu_count() or 1))
"""All of it: what a limit costs is another row's."""
_RESOURCES = Resources(
    reference_s=600.0, memory_bytes=256 * MiB, output_max_bytes=64 * MiB, wall_limit_s=600.0
)
_RUN_UP_S = 0.02
"""Not counted: what was held needs a moment until it is under way."""
_LOOK_S = 0.01
_UNITS = "units"
"""The file to which a byte is added with each unit of work."""


class Hold(Protocol):
    """What lets a program go, holds it, and ends it."""

    def go(self) -> None:
        """Let it run."""

    def hold(self) -> None:
        """Let it run no further."""

    def end(self) -> None:
        """End it for good."""

    def has_ended(self) -> bool:
        """Whether it ended by itself, which it never should."""


class Work:
    """One program, held, with its first units of work done."""

    def __init__(self, out: Path, hold: Hold) -> None:
        self._units_file = out / _UNITS
        self._hold = hold
        self._units = 0
        self._ran_s = 0.0
        self._await_first()
        hold.hold()

    def turn(self, turn_s: float) -> None:
        """Let it work for a little longer than is counted: holding is another row's concern."""
        self._hold.go()
        time.sleep(_RUN_UP_S)
        before, began_s = self._done(), time.perf_counter()
        time.sleep(turn_s)  # the span that is measured
        self._units += self._done() - before
        self._ran_s += time.perf_counter() - began_s
        self._hold.hold()
        if self._hold.has_ended():
            message = f"the program of {self._units_file} ended by itself"
            raise RuntimeError(message)

    def units_per_s(self) -> float:
        """Return the speed of all turns so far."""
        return self._units / self._ran_s

    def close(self) -> None:
        """End it for good."""
        self._hold.end()

    def _done(self) -> int:
        return self._units_file.stat().st_size

    def _await_first(self) -> None:
        give_up_at_s = time.monotonic() + END_TIMEOUT_S
        while not self._units_file.exists() or not self._done():
            if time.monotonic() > give_up_at_s or self._hold.has_ended():
                self.close()
                message = f"{self._units_file} did not come: the program does not work"
                raise TimeoutError(message)
            time.sleep(_LOOK_S)  # a file that grows tells nobody


Begin = Callable[[str], Work]
"""Starts a kind of work."""


class _Process:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def go(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def hold(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()

    def has_ended(self) -> bool:
        return self._process.poll() is not None


class _Task:
    def __init__(self, task: RunningTask, ended: Ended) -> None:
        self._task = task
        self._ended = ended

    def go(self) -> None:
        self._task.resume()

    def hold(self) -> None:
        self._task.pause()

    def end(self) -> None:
        self._task.stop()
        if not self._ended.wait(END_TIMEOUT_S):
            raise TimeoutError("a stopped task did not end")

    def has_ended(self) -> bool:
        return self._ended.is_set()


def bare(program: Path, folder: Path) -> Begin:
    """Return what starts a program as this machine's own, writing beside the tasks' folders."""

    def begin(kind: str) -> Work:
        out = folder / f"bare-{kind}-{time.monotonic_ns()}"
        out.mkdir()
        return Work(out, _Process(subprocess.Popen([program, kind, str(out)])))

    return begin


def in_sandbox(made: Bench, runtime: Runtime, isolation: Isolation) -> Begin:
    """Return what starts it as a task."""

    def begin(kind: str) -> Work:
        task, ended = made.start(
            runtime, _SHARE, (kind, "/out"), resources=_RESOURCES, isolation=isolation
        )
        return Work(made.last_out, _Task(task, ended))

    return begin
