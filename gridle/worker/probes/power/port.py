"""The port for measuring power, and its null."""

from __future__ import annotations

from typing import Protocol


class Power(Protocol):
    """One way to measure what the machine or its processors draw."""

    def read(self) -> float | None:
        """Return W, on average since the last call or as good as now; None where unknown now.

        Never waits; costs some tens of microseconds.
        """


class NoPower:
    """A machine that cannot tell."""

    def read(self) -> float | None:
        """Return None."""
        return None
