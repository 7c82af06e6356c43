"""The machine, looked at by one thread of its own.

A driver may take seconds to answer (a graphics card that has to wake, an embedded controller),
while the agent must not wait: it reads what the thread saw last.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from gridle.worker.probes.machine.change import is_worth_telling
from gridle.worker.probes.machine.exclusive import ExclusivePrograms
from gridle.worker.probes.machine.look import Look
from gridle.worker.probes.machine.looks import Looks
from gridle.worker.probes.machine.port import MachineReading
from gridle.worker.probes.machine.waiting import Bell, Waiting

_FIRST_LOOK_TIMEOUT_S = 2.0
_JOIN_TIMEOUT_S = 2.0
_REST_S = 0.1
"""After a bell the thread rests, so that one that rings all the time costs ten looks a second."""


class WatchedMachine:
    """Looks again when the system rings, when somebody reads what is old, and while tasks run."""

    def __init__(
        self,
        looks: Looks,
        programs: ExclusivePrograms,
        bells: Mapping[Bell, Look[Any]],
        waiting: Waiting,
        clock: Callable[[], float],
    ) -> None:
        self._looks = looks
        self._programs = programs
        self._bells = bells
        self._waiting = waiting
        self._clock = clock
        self._wanted: tuple[str, ...] = ()
        self._closely = False
        self._old_at = float("-inf")
        self._reading = MachineReading()  # swapped whole, so that readers need no lock
        self._told = self._reading
        self._on_change: Callable[[], None] = lambda: None
        self._looked = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="machine", daemon=True)

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin; returns after the first look at everything, or after two seconds."""
        self._on_change = on_change
        self._thread.start()
        self._looked.wait(_FIRST_LOOK_TIMEOUT_S)

    def read(self) -> MachineReading:
        """Return what was seen last; has the thread look at what is too old."""
        if self._clock() >= self._old_at:
            self._old_at = float("inf")  # until it has looked
            self._waiting.wake()
        return self._reading

    def look_for(self, programs: tuple[str, ...]) -> None:
        """Look for these from now on."""
        if programs != self._wanted:
            self._wanted = programs
            self._waiting.wake()

    def our_tasks_are(self, pids: frozenset[int]) -> None:
        """Leave these out, and look again for programs that turn out to be ours."""
        if pids != self._looks.ours:
            self._looks.ours = pids
            self.changed(self._looks.programs)

    def watch_closely(self, *, on: bool) -> None:
        """Look every second while `on`, and at once where it begins."""
        if on != self._closely:
            self._closely = on
            self._waiting.wake()

    def changed(self, look: Look[Any]) -> None:
        """Look anew at something that another thread was told of."""
        look.forget()
        self._waiting.wake()

    def close(self) -> None:
        """End the thread; one that a driver holds up is left behind with what it uses."""
        self._closing.set()
        self._waiting.wake()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_TIMEOUT_S)
        if not self._thread.is_alive():
            for bell in self._bells:
                bell.close()
            self._looks.close()
            self._waiting.close()

    def _run(self) -> None:
        rang: frozenset[int] = frozenset()
        while not self._closing.is_set():
            self._look()
            if rang:
                self._closing.wait(_REST_S)
            rang = self._waiting.wait(self._seconds_to_sleep())
            for bell, look in self._bells.items():
                if bell.fileno() in rang and bell.heard():
                    look.forget()

    def _look(self) -> None:
        """Measure what is due, and tell if anything of weight has changed."""
        closely = self._closely
        if self._programs.look_for(self._wanted):
            self._looks.programs.forget()
        self._programs.listen(on=closely)
        now = self._clock()
        for look in self._looks.every:
            if self._closing.is_set():
                return
            if look.due_at(closely=closely) <= now:
                look.measure(now, self._clock)
        self._reading = self._looks.reading()
        self._old_at = min(look.due_at(closely=closely) for look in self._looks.every)
        self._looked.set()
        if is_worth_telling(self._told, self._reading):
            self._told = self._reading
            self._on_change()

    def _seconds_to_sleep(self) -> float | None:
        """Sleep without end while no task runs: whoever reads wakes the thread."""
        return max(0.0, self._old_at - self._clock()) if self._closely else None
