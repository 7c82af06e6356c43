"""Which seats of a compositor rest, and since when. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Seats:
    """Seats by name; the value is when a seat's last input was, None while it is in use."""

    last_input_at: Mapping[int, float | None] = field(default_factory=dict)

    def used(self, seat: int) -> Seats:
        """Return the seats after an input at this one; a new seat begins so."""
        return Seats({**self.last_input_at, seat: None})

    def rested(self, seat: int, last_input_at: float) -> Seats:
        """Return the seats after this one has been without input since `last_input_at`."""
        return Seats({**self.last_input_at, seat: last_input_at})

    def without(self, seat: int) -> Seats:
        """Return the seats after this one has gone."""
        return Seats({name: at for name, at in self.last_input_at.items() if name != seat})

    def seconds_since_input(self, now: float) -> float | None:
        """Return how long all of them rest, 0 while any is in use; None without any seat."""
        last = self.last_input_at.values()
        if not last:
            return None
        rests = [now - at for at in last if at is not None]
        return max(0.0, min(rests)) if len(rests) == len(last) else 0.0

    @property
    def resting(self) -> bool:
        """Whether no seat is in use."""
        return None not in self.last_input_at.values()
