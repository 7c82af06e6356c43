"""What holds a WebAssembly host process to its share; each operating system has its own way."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gridle.worker.sandbox.port import Share


@dataclass(frozen=True)
class Host:
    """A host process that was just started and does nothing yet."""

    name: str
    pid: int
    send: Callable[[signal.Signals], None]
    """Does nothing once the process is gone: its number may be another's."""
    cpu_s: Callable[[], float]
    """CPU seconds used so far."""


class HostFence(Protocol):
    """Around one host, from its making; no call fails because the host has ended."""

    def throttle(self, share: Share) -> None:
        """Hold CPU use to `share`; a module has one thread, so a whole core is no limit."""

    def freeze(self) -> None:
        """Stop all use of CPU: returns once every thread is stopped."""

    def thaw(self) -> None:
        """Let it go on."""

    def let_die(self) -> None:
        """Start no turn any more and lift every hold: it is killed, or has ended."""

    def release(self) -> None:
        """Give back what the fence holds of the system; the host has ended."""


FenceMaker = Callable[[Host], HostFence]
"""Raises OSError where the host cannot be fenced; it must not run then."""
