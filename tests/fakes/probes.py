"""Probes that a test sets."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from gridle.worker.policy.readings import OurUse, Readings

AWAY = Readings(
    seconds_since_input=None,
    session_unseen=False,
    on_battery=False,
    battery_percent=None,
    foreign_cpu_percent=0.0,
    free_memory_bytes=2**34,
    cores=2,
)


class FakeProbes:
    """Says what it was told, and tells that it changed."""

    def __init__(self, readings: Readings = AWAY) -> None:
        self.readings = readings
        self.is_watching_closely = False
        self.programs: tuple[str, ...] = ()
        self._on_change: Callable[[], None] | None = None

    def start(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change

    def read(self, use: OurUse) -> Readings:
        assert use.cpu_s >= 0
        assert use.memory_bytes >= 0
        return msgspec.structs.replace(self.readings, volume_bytes=use.volume_bytes)

    def look_for(self, programs: tuple[str, ...]) -> None:
        self.programs = programs

    def watch_closely(self, *, runs: bool, away: bool) -> None:
        self.is_watching_closely = runs and away

    def close(self) -> None:
        self._on_change = None

    def become(self, readings: Readings) -> None:
        self.readings = readings
        if self._on_change is not None:
            self._on_change()
