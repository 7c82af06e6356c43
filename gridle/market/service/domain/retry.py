"""When to try again what the chain did not pay: later each time, so that no gas is burnt."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

_FIRST_S = 5.0
_LONGEST_S = 600.0


@dataclass
class Retries:
    """Failures in a row for each subject; times are seconds of any steady clock."""

    _failures: dict[Hashable, int] = field(default_factory=dict)
    _due_at: dict[Hashable, float] = field(default_factory=dict)

    def is_due(self, subject: Hashable, now: float) -> bool:
        """Tell whether a subject may be tried now."""
        return now >= self._due_at.get(subject, now)

    def failed(self, subject: Hashable, now: float) -> float:
        """Note a failure; returns the seconds until the next try."""
        failures = self._failures.get(subject, 0) + 1
        wait_s = min(_LONGEST_S, _FIRST_S * 2.0 ** min(failures - 1, 16))
        self._failures[subject], self._due_at[subject] = failures, now + wait_s
        return wait_s

    def succeeded(self, subject: Hashable) -> None:
        """Forget a subject's failures."""
        self._failures.pop(subject, None)
        self._due_at.pop(subject, None)
