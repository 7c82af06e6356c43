"""What a source last said of the user's hands, carried on to now."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from gridle.worker.policy.readings import Blindness
from gridle.worker.probes.presence.user_input import InputReading, unseen

REST_MS = 500
"""A pause this long between two inputs is a rest; the end of a shorter one is not told."""
_JITTER_S = 0.25
"""By so much two figures for the same input may differ."""


@dataclass(frozen=True)
class _Hands:
    last_input_at: float  # as `time.monotonic` has it
    resting: bool


class Hands:
    """Takes a source's figures, and tells when a session appears, a rest ends or it goes dark."""

    def __init__(self, blindness: Blindness) -> None:
        self._unseen = unseen(blindness)
        self._hands: _Hands | None = None  # swapped whole, so that readers need no lock
        self._on_input: Callable[[], None] | None = None

    def tell(self, on_input: Callable[[], None] | None) -> None:
        """Say whom to tell; None for nobody any more."""
        self._on_input = on_input

    @property
    def resting(self) -> bool:
        """Nobody has touched anything for `REST_MS`, as far as is known."""
        return self._hands is not None and self._hands.resting

    def note(self, idle_ms: float) -> None:
        """Take in that the last input was `idle_ms` ago."""
        before = self._hands
        last_input_at = time.monotonic() - max(0.0, idle_ms) / 1000
        self._hands = _Hands(last_input_at, resting=idle_ms >= REST_MS)
        if before is None:
            self._call()
        elif before.resting:
            touched = last_input_at > before.last_input_at + _JITTER_S
            if touched or not self._hands.resting:
                self._call()

    def lose_sight(self) -> None:
        """Take in that nothing is known any more."""
        if self._hands is not None:
            self._hands = None
            self._call()

    def read(self) -> InputReading:
        """Return the reading for now."""
        hands = self._hands
        if hands is None:
            return self._unseen
        resting_s = time.monotonic() - hands.last_input_at if hands.resting else 0.0
        return InputReading(max(0.0, resting_s), session_unseen=False)

    def _call(self) -> None:
        if self._on_input is not None:
            self._on_input()
