"""A real worker on real tasks, and a hand that kills whatever it can reach, at random moments."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from gridle.market.protocol.identity import load_identity
from gridle.worker.sandbox.container_argv import WORKER_LABEL
from gridle.worker.sandbox.own_tasks import CONTAINER_ID_NAME

ORPHAN_LIMIT_S = 5.0
_WASM_HOST = "wasm_host"
_LEASE = re.compile(r"(lease-[0-9a-f]{24})")
_LIMITS = (
    "while_away.cpu_percent=100",
    "foreign_cpu_max_percent=100",  # the market's own work is foreign
    "memory_pressure_max_percent=100",
    "tasks.gvisor=asked",
)
_VICTIMS = ("worker", "host", "host", "container", "monitor", "client")


@dataclass
class Tally:
    """What came of the kills."""

    kills: dict[str, int] = field(default_factory=dict)
    orphan_s: list[float] = field(default_factory=list)
    """For how long a task computed after its worker was killed."""
    lost_work_s: list[float] = field(default_factory=list)
    """CPU seconds of a task that was broken off, and that it had not saved."""


@dataclass(frozen=True)
class _Process:
    """A task's process, by number and time of start: numbers are used again."""

    lease_id: str
    pid: int
    started_at: float
    container_id: str = ""


class ChaosRun:
    """One worker that is killed and started again; `kill_once` does one of either."""

    def __init__(self, home: Path, market_url: str, payout: str, seed: int) -> None:
        self._home = home
        self._arguments = ("--market", market_url, "--payout", payout, "--start")
        self._random = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self._began_s: dict[_Process, float] = {}
        """CPU seconds that each process's task had saved before it started."""
        self.tally = Tally()
        _gridle(home, "limits", "--set", *_LIMITS)
        self._worker = self._start()

    def kill_once(self) -> None:
        """Let it work for a random while, then kill one thing; a dead worker is started again."""
        threading.Event().wait(self._random.uniform(0.05, 2.5))
        processes = self._look()
        victim = self._random.choice(_VICTIMS)
        if victim == "worker":
            self._kill_worker(processes)
        else:
            self._kill_part(victim, processes)

    def finish(self, timeout_s: float) -> None:
        """Let it finish what it has and take nothing new, and end it."""
        _gridle(self._home, "finish")
        _wait(lambda: not self._live_leases(), timeout_s, "the worker did not finish its tasks")
        self._worker.terminate()
        self._worker.wait(30)
        _close(self._worker)

    def left_behind(self) -> list[str]:
        """Return what is still there of tasks: processes, containers' groups, folders."""
        folders = [str(path) for path in (self._home / "tasks").glob("*")]
        states = [str(path) for path in (self._home / "checkpoints").glob("*")]
        results = [str(path) for path in (self._home / "results").glob("*")]
        return [*folders, *states, *results, *self._processes_left(), *self._containers_left()]

    def unsettled(self) -> list[str]:
        """Return finished tasks of which the market has not taken the result."""
        rows = self._ledger(
            "SELECT lease_id || ' ' || state FROM tasks WHERE result_sha256 IS NOT NULL"
            " AND state NOT IN ('reported', 'settled')"
        )
        return [str(row[0]) for row in rows]

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "gridle", "worker", "run", "--home", str(self._home)]
        process = subprocess.Popen(
            [*command, *self._arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={key: value for key, value in os.environ.items() if key != "DISPLAY"},
        )
        assert process.stdout is not None
        assert process.stdout.readline(), "the worker did not start"
        return process

    def _kill_worker(self, processes: list[_Process]) -> None:
        self._count("worker")
        self._note_loss(processes)
        self._worker.kill()
        killed_at = time.monotonic()
        self._worker.wait(30)
        _close(self._worker)
        alive = processes
        while alive and time.monotonic() < killed_at + 4 * ORPHAN_LIMIT_S:
            alive = [each for each in alive if _is_alive(each)]
            threading.Event().wait(0.02)
        self.tally.orphan_s.append(time.monotonic() - killed_at)
        self._worker = self._start()

    def _kill_part(self, victim: str, processes: list[_Process]) -> None:
        in_container = victim in ("container", "monitor", "client")
        fitting = [each for each in processes if bool(each.container_id) == in_container]
        if not fitting:
            return
        chosen = self._random.choice(fitting)
        pid = _part(victim, chosen)
        if pid is None:
            return
        self._count(victim)
        if victim in ("host", "container"):
            self._note_loss([chosen])
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def _count(self, victim: str) -> None:
        self.tally.kills[victim] = self.tally.kills.get(victim, 0) + 1

    def _note_loss(self, processes: list[_Process]) -> None:
        saved = self._saved_s()
        for each in processes:
            used_s = _cpu_s(each)
            if used_s is not None:
                done_s = self._began_s[each] + used_s
                self.tally.lost_work_s.append(done_s - saved.get(each.lease_id, 0.0))

    def _look(self) -> list[_Process]:
        """Return the tasks' processes; of new ones, note from where they went on."""
        found = list(self._containers()) + list(self._hosts())
        for each in found:
            if each not in self._began_s:
                self._began_s[each] = self._began_from_s(each)
        return found

    def _began_from_s(self, task: _Process) -> float:
        rows = self._ledger(
            "SELECT coalesce(max(done_cpu_s), 0.0) FROM checkpoints"
            " WHERE lease_id = ? AND saved_at < ?",
            task.lease_id,
            task.started_at,
        )
        return float(str(rows[0][0]))

    def _containers(self) -> Iterator[_Process]:
        for path in (self._home / "tasks").glob("*/container.pid"):
            try:
                pid = int(path.read_text())
                container_id = (path.parent / CONTAINER_ID_NAME).read_text().strip()
                started_at = psutil.Process(pid).create_time()
                in_group = container_id in Path(f"/proc/{pid}/cgroup").read_text()
            except (OSError, ValueError, psutil.Error):
                continue
            if in_group:
                yield _Process(path.parent.name, pid, started_at, container_id)

    def _hosts(self) -> Iterator[_Process]:
        try:
            for child in psutil.Process(self._worker.pid).children():
                lease_id = _lease_held(child)
                if lease_id is not None:
                    yield _Process(lease_id, child.pid, child.create_time())
        except psutil.Error:
            return

    def _processes_left(self) -> list[str]:
        home = str(self._home)
        return [
            " ".join(each.info["cmdline"])
            for each in psutil.process_iter(["cmdline"])
            if each.info["cmdline"] and any(home in word for word in each.info["cmdline"])
        ]

    def _containers_left(self) -> list[str]:
        if shutil.which("podman") is None:
            return []
        worker_id = load_identity(self._home / "node.key").public_key[:12]
        command = [
            "podman",
            "ps",
            "--all",
            "--quiet",
            "--filter",
            f"label={WORKER_LABEL}={worker_id}",
        ]
        done = subprocess.run(command, capture_output=True, check=True, text=True)
        return done.stdout.split()

    def _saved_s(self) -> dict[str, float]:
        rows = self._ledger("SELECT lease_id, max(done_cpu_s) FROM checkpoints GROUP BY lease_id")
        return {str(lease_id): float(str(done_s)) for lease_id, done_s in rows}

    def _live_leases(self) -> list[str]:
        rows = self._ledger(
            "SELECT lease_id FROM tasks WHERE state IN"
            " ('offered', 'fetching', 'ready', 'running', 'paused', 'finishing', 'reported')"
        )
        return [str(row[0]) for row in rows]

    def _ledger(self, query: str, *values: object) -> list[tuple[object, ...]]:
        path = self._home / "ledger.sqlite"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as ledger:
            return ledger.execute(query, values).fetchall()


def _lease_held(process: psutil.Process) -> str | None:
    """Return the lease for which a WebAssembly host's control group is named; else None."""
    try:
        if not any(_WASM_HOST in word for word in process.cmdline()):
            return None
        groups = Path(f"/proc/{process.pid}/cgroup").read_text("ascii")
    except (OSError, psutil.Error):
        return None
    found = _LEASE.search(groups)
    return found[1] if found else None


def _part(victim: str, task: _Process) -> int | None:
    """Return the process to kill: the task's first, its monitor, or the engine's client."""
    if victim in ("host", "container"):
        return task.pid
    try:
        monitor = psutil.Process(task.pid).parent()
        if victim == "monitor":
            return monitor.pid if monitor and "conmon" in monitor.name() else None
        for each in psutil.process_iter(["cmdline"]):
            words = each.info["cmdline"] or []
            if "run" in words and any(task.lease_id in word for word in words):
                return each.pid
    except psutil.Error:
        return None
    return None


def _cpu_s(task: _Process) -> float | None:
    try:
        process = psutil.Process(task.pid)
        if process.create_time() != task.started_at:
            return None
        times = process.cpu_times()
    except psutil.Error:
        return None
    return float(times.user + times.system)


def _is_alive(task: _Process) -> bool:
    return _cpu_s(task) is not None and psutil.Process(task.pid).status() != psutil.STATUS_ZOMBIE


def _gridle(home: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "gridle", "worker", *arguments, "--home", str(home)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _wait(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    give_up_at = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > give_up_at:
            raise TimeoutError(what)
        threading.Event().wait(0.2)


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdout is not None:
        process.stdout.close()
