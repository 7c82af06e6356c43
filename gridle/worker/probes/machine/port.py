"""The port for reading the machine itself, whatever its system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gridle.worker.policy.readings import Gpu, Network

_UNKNOWN_NETWORK = Network()


@dataclass(frozen=True)
class MachineReading:
    """The machine at one moment. What cannot be read holds the value that stops nothing."""

    on_battery: bool = False
    battery_percent: float | None = None
    power_saver: bool = False
    cpu_temperature_c: float | None = None
    fan_rpm: float | None = None
    memory_pressure_percent: float | None = None
    network: Network = _UNKNOWN_NETWORK
    exclusive_program: str | None = None
    gpus: tuple[Gpu, ...] = ()
    free_disk_bytes: int | None = None
    our_disk_bytes: int = 0
    power_w: float | None = None


class Machine(Protocol):
    """Everything about the machine but its user and its CPU load."""

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin; returns after the first look at everything, or after two seconds.

        `on_change` comes from any thread when a reading has changed by more than it drifts: the
        plug, the power profile, the network, memory pressure, a program's start, heat.
        """

    def read(self) -> MachineReading:
        """Return what is known now; never waits. What is too old is looked at meanwhile."""

    def look_for(self, programs: tuple[str, ...]) -> None:
        """Say which programs are exclusive: names, or whole paths."""

    def our_tasks_are(self, pids: frozenset[int]) -> None:
        """Say which processes are our tasks', so that they do not count as somebody else's."""

    def watch_closely(self, *, on: bool) -> None:
        """Say whether tasks run: heat and programs are then looked at every second."""

    def close(self) -> None:
        """Stop watching."""
