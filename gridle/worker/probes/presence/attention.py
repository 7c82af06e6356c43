"""The port for signs that somebody looks at the screen without touching anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from gridle.worker.policy.readings import Attention

_LONGEST_NAME = 64


class AttentionWatch(Protocol):
    """One way to see films, presentations and full screens in the user's own session."""

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin; `on_change` comes from any thread when a sign comes or goes."""

    def read(self) -> tuple[Attention, ...]:
        """Return the signs that are there now; never waits."""

    def close(self) -> None:
        """Stop watching."""


def plain_name(untrusted_name: str) -> str:
    """Return a program's name as it may be shown: printable, on one line, not too long."""
    kept = "".join(sign if sign.isprintable() else " " for sign in untrusted_name)
    return " ".join(kept.split())[:_LONGEST_NAME]
