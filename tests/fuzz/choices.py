"""Reads decisions out of bytes, so that a fuzzer steers a harness that needs more than bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Takes decisions off the front; once the bytes are used up, each decision is the first one."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def has_more(self) -> bool:
        """Whether any byte is left."""
        return self._at < len(self._data)

    def number(self, below: int) -> int:
        """Return a number from 0 up to, not with, `below` (at most 256)."""
        if not self.has_more:
            return 0
        self._at += 1
        return self._data[self._at - 1] % below

    def one_of(self, values: Sequence[T]) -> T:
        """Return one of the values."""
        return values[self.number(len(values))]

    def rest(self) -> bytes:
        """Return all that is left."""
        rest, self._at = self._data[self._at :], len(self._data)
        return rest
