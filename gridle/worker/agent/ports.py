"""What the agent needs of the machine, as ports; the probes and fakes for tests fit them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from gridle.worker.ipc.messages import WorkerState
from gridle.worker.policy.readings import Readings


class MachineProbes(Protocol):
    """Watches this machine."""

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin; `on_change` comes from a thread of the probes."""

    def read(self, our_cpu_s: float, our_memory_bytes: int = 0) -> Readings:
        """Return the machine as it is now, without waiting."""

    def watch_closely(self, on: bool) -> None:  # noqa: FBT001 - as the probes have it
        """Say whether tasks run."""

    def close(self) -> None:
        """Stop watching."""


OnState = Callable[[WorkerState], None]
"""Takes the newest state, from the agent's thread; returns at once."""
