"""Which of the owner's exclusive programs run, from the list of processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from gridle.worker.probes.machine.kernel_file import kernel_text
from gridle.worker.probes.machine.program_match import Program, Wanted, runs_scripts

_YOUNG_LOOKS = 3
_SHARE = 16
_MOST_PROCESSES = 16_384
_MOST_ARGUMENTS = 8


class ProcessList(Protocol):
    """One system's way to list processes."""

    def look_for(self, wanted: Wanted) -> None:
        """Begin anew with another list of programs."""

    def running(self, ours: frozenset[int], only: frozenset[int] | None = None) -> str | None:
        """Return the first of the wanted programs that runs, processes `ours` left out.

        With `only`, just these are looked at, which have become another program; what was known
        of all others still stands.
        """


@dataclass
class _Known:
    """A process that was looked at: the entry that it is, and how often it was looked at."""

    entry: str | None
    looks: int = 1


class ProcFolder:
    """Linux's /proc, read as little as possible.

    A process that was seen several times is looked at again only every 16th time: it may still
    become another program (execve(2)), but seldom does so late.
    """

    def __init__(self, proc: Path = Path("/proc"), own_pid: int | None = None) -> None:
        self._proc = str(proc)
        self._own_pid = os.getpid() if own_pid is None else own_pid
        self._wanted = Wanted()
        self._known: dict[int, _Known] = {}
        self._turn = 0

    def look_for(self, wanted: Wanted) -> None:
        """Forget what was known: it was known of other names."""
        self._wanted = wanted
        self._known = {}

    def running(self, ours: frozenset[int], only: frozenset[int] | None = None) -> str | None:
        """List the processes and look at those that are new or due."""
        if not self._wanted:
            return None
        if only is None:
            self._list()
        else:
            self._known |= {pid: _Known(self._entry_of(pid)) for pid in only}
        found = {
            known.entry
            for pid, known in self._known.items()
            if known.entry is not None and pid not in ours
        }
        return self._wanted.first_of(found)

    def _list(self) -> None:
        self._turn = (self._turn + 1) % _SHARE
        before, self._known = self._known, {}
        for pid in self._pids():
            known = before.get(pid)
            if known is None:
                known = _Known(self._entry_of(pid))
            elif known.looks < _YOUNG_LOOKS or pid % _SHARE == self._turn:
                known = _Known(self._entry_of(pid), known.looks + 1)
            self._known[pid] = known

    def _pids(self) -> Iterator[int]:
        try:
            names = os.listdir(self._proc)  # noqa: PTH208 - a Path of each costs more than its look
        except OSError:
            return
        numbers = (int(name) for name in names if name.isdecimal())
        for _, pid in zip(range(_MOST_PROCESSES), numbers, strict=False):
            if pid != self._own_pid:
                yield pid

    def _entry_of(self, pid: int) -> str | None:
        folder = f"{self._proc}/{pid}"
        name = kernel_text(f"{folder}/comm")
        try:
            path = os.readlink(f"{folder}/exe")  # noqa: PTH115 - the same
        except OSError:
            path = ""  # another user's process, or one of the kernel's own
        arguments: tuple[str, ...] = ()
        if runs_scripts(name, path):
            parts = kernel_text(f"{folder}/cmdline").split("\0", _MOST_ARGUMENTS)
            arguments = tuple(parts[:_MOST_ARGUMENTS])
        return self._wanted.entry_for(Program(name, path, arguments))


class PsutilProcesses:
    """Windows and macOS, each process asked each time (not yet run there)."""

    def __init__(self) -> None:
        self._wanted = Wanted()

    def look_for(self, wanted: Wanted) -> None:
        """Take another list."""
        self._wanted = wanted

    def running(self, ours: frozenset[int], only: frozenset[int] | None = None) -> str | None:  # noqa: ARG002 - no system tells these two what started
        """Ask every process for its name, and for its file where paths are wanted."""
        if not self._wanted:
            return None
        found: set[str] = set()
        for process in psutil.process_iter(["pid", "name", "exe"]):
            if process.pid in ours or process.pid == os.getpid():
                continue
            program = Program(process.info["name"] or "", process.info["exe"] or "")
            entry = self._wanted.entry_for(program)
            found |= set() if entry is None else {entry}
        return self._wanted.first_of(found)
