"""A figure that is costly to read, and so read again only when somebody asks after a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Sampled(Generic[T]):
    """Keeps the last value of `measure` for `period_s`; `clock` is in seconds and monotonic."""

    def __init__(
        self, measure: Callable[[], T], period_s: float, clock: Callable[[], float]
    ) -> None:
        self._measure = measure
        self._period_s = period_s
        self._clock = clock
        self._value: T | None = None
        self._next_at = -1.0

    def read(self) -> T:
        """Return the value, measured again where it is older than the period."""
        now = self._clock()
        if self._value is None or now >= self._next_at:
            self._value = self._measure()
            self._next_at = now + self._period_s
        return self._value
