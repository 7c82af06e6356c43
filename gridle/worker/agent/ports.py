"""What the agent needs of the machine, as ports; the probes and fakes for tests fit them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from gridle.worker.ipc.messages import WorkerState
from gridle.worker.policy.readings import OurUse, Readings
from gridle.worker.sandbox.net_process import Moved, Rates


class MachineProbes(Protocol):
    """Watches this machine."""

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin; `on_change` comes from a thread of the probes."""

    def read(self, use: OurUse) -> Readings:
        """Return the machine as it is now, without waiting."""

    def look_for(self, programs: tuple[str, ...]) -> None:
        """Say which programs are the owner's exclusive ones."""

    def watch_closely(self, *, runs: bool, away: bool) -> None:
        """Say whether tasks run, and whether the owner counts as away: any input ends that."""

    def close(self) -> None:
        """Stop watching."""


class TaskNetwork(Protocol):
    """The ways out of all networked tasks."""

    def transferred(self) -> Moved:
        """Return what they have moved since the worker's start."""

    def limit(self, rates: Rates) -> None:
        """Hold all of them together to these rates from now on."""


OnState = Callable[[WorkerState], None]
"""Takes the newest state, from the agent's thread; returns at once."""
