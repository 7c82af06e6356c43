"""One figure of the machine: how it is measured, and how often that is worth its cost."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
_COST_FACTOR = 100
"""No figure takes more than a hundredth of the time, however slow its driver is."""
_MOST_PERIOD_S = 60.0
_log = logging.getLogger(__name__)


class Look(Generic[T]):
    """Keeps the last value. One thread measures; any thread may read `value`, and `forget`."""

    def __init__(
        self, measure: Callable[[], T], unknown: T, *, period_s: float, closely_s: float
    ) -> None:
        """Take what to measure.

        Args:
            measure: may take long and may fail.
            unknown: the value until the first measurement and after a failed one.
            period_s: how old the value may become.
            closely_s: the same while tasks run.
        """
        self.value = unknown
        self._measure = measure
        self._unknown = unknown
        self._period_s = period_s
        self._closely_s = closely_s
        self._due_from: float | None = None
        self._least_period_s = 0.0
        self._failed = False

    def due_at(self, *, closely: bool) -> float:
        """Return the moment from which the value is too old; minus infinity where it is now."""
        if self._due_from is None:
            return float("-inf")
        period_s = self._closely_s if closely else self._period_s
        return self._due_from + max(period_s, self._least_period_s)

    def forget(self) -> None:
        """Make the value due at once: its system said that it has changed."""
        self._due_from = None

    def measure(self, now: float, clock: Callable[[], float]) -> None:
        """Measure; what fails is unknown until the next time.

        `now` is when this round of measurements began: all that share a period stay together, so
        that they wake the processor together.
        """
        self._due_from = now  # before measuring: it may change again meanwhile
        began_at = clock()
        try:
            self.value = self._measure()
        except Exception:  # noqa: BLE001 - whatever a driver comes up with must not end the watch
            self.value = self._unknown
            if not self._failed:
                self._failed = True
                _log.warning("A figure of this machine cannot be read", exc_info=True)
        else:
            self._failed = False
        self._least_period_s = min(_MOST_PERIOD_S, _COST_FACTOR * (clock() - began_at))
