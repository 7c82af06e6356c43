"""The machine, looked at by one thread of its own.

A driver may take seconds to answer (a graphics card that has to wake, an embedded controller),
while the agent must not wait: it reads what the thread saw last.
"""

from __future__ import annotations

import logging
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
_AFTER_FAULT_S = 10.0
_log = logging.getLogger(__name__)
_REST_S = 0.2
"""After a bell the thread rests, so that one that rings all the time costs five looks a second."""
_TOGETHER_S = 0.1
"""What is due this soon is measured now, so that all is done in one waking."""


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
        if not self._closely and self._clock() >= self._old_at:
            self._old_at = float("inf")  # until it has looked
            self._waiting.wake()
        return self._reading

    def look_for(self, programs: tuple[str, ...]) -> None:
        """Look for these from now on."""
        if programs != self._wanted:
            self._wanted = programs
            self._waiting.wake()

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
            try:
                due_at = self._look()
                if rang:
                    self._closing.wait(_REST_S)
                rang = self._sleep(due_at)
            except Exception:  # noqa: BLE001 - a thread that died would leave its last reading standing
                _log.warning("The machine could not be looked at", exc_info=True)
                self._closing.wait(_AFTER_FAULT_S)

    def _sleep(self, due_at: float) -> frozenset[int]:
        """Sleep until something rings; while tasks run, until something is due at the latest.

        While none runs, whoever reads what is old ends the sleep.
        """
        timeout_s = max(0.0, due_at - self._clock()) if self._closely else None
        rang = self._waiting.wait(timeout_s)
        for bell, look in self._bells.items():
            if bell.fileno() in rang and bell.heard():
                look.forget()
        return rang

    def _look(self) -> float:
        """Measure what is due, tell if anything of weight has changed; returns what is due next."""
        closely = self._closely
        if self._programs.look_for(self._wanted):
            self._looks.programs.forget()
        self._programs.listen(on=closely)
        now = self._clock()
        until = now + _TOGETHER_S
        for look in self._looks.every:
            if look.due_at(closely=closely) <= until and not self._closing.is_set():
                look.measure(now, self._clock)
        self._reading = self._looks.reading()
        due_at = min(look.due_at(closely=closely) for look in self._looks.every)
        self._old_at = due_at
        self._looked.set()
        if is_worth_telling(self._told, self._reading):
            self._told = self._reading
            self._on_change()
        return due_at
