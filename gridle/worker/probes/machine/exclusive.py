"""The owner's exclusive programs: those that have the machine to themselves while they run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from gridle.worker.probes.machine.exec_bell import ExecBell
from gridle.worker.probes.machine.process_list import ProcessList
from gridle.worker.probes.machine.program_match import Wanted

_LIST_PERIOD_S = 0.9


class ExclusivePrograms:
    """Looks at the whole list of processes at times, and in between at those that just started.

    All methods are for one thread.
    """

    def __init__(
        self, processes: ProcessList, bell: ExecBell | None, clock: Callable[[], float]
    ) -> None:
        self._processes = processes
        self._bell = bell
        self._clock = clock
        self._programs: tuple[str, ...] = ()
        self._list_at = float("-inf")

    def look_for(self, programs: tuple[str, ...]) -> bool:
        """Take the owner's list; returns whether it is another one."""
        if programs == self._programs:
            return False
        self._programs = programs
        led = {entry: os.path.realpath(entry) for entry in programs if Path(entry).is_absolute()}
        self._processes.look_for(Wanted(programs, led))
        self._list_at = float("-inf")
        return True

    def listen(self, *, on: bool) -> None:
        """Hear of each program that starts, where the system tells."""
        if self._bell is not None:
            self._bell.listen(on=on and bool(self._programs))

    def running(self, ours: frozenset[int]) -> str | None:
        """Return the first of the programs that runs, our tasks' processes left out."""
        started = frozenset[int]() if self._bell is None else self._bell.take()
        if started and self._clock() < self._list_at:
            return self._processes.running(ours, only=started)
        self._list_at = self._clock() + _LIST_PERIOD_S
        return self._processes.running(ours)
