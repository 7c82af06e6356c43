"""Probes that a test sets."""

from __future__ import annotations

from collections.abc import Callable

from gridle.worker.policy.readings import Readings

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
        self._on_change: Callable[[], None] | None = None

    def start(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change

    def read(self, our_cpu_s: float, our_memory_bytes: int = 0) -> Readings:
        assert our_cpu_s >= 0
        assert our_memory_bytes >= 0
        return self.readings

    def watch_closely(self, on: bool) -> None:  # noqa: FBT001 - as the probes have it
        self.is_watching_closely = on

    def close(self) -> None:
        self._on_change = None

    def become(self, readings: Readings) -> None:
        self.readings = readings
        if self._on_change is not None:
            self._on_change()
