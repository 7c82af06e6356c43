"""What the owner last asked for with Start, Pause and Finish."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OwnerWish:
    """Start, Pause or Finish; times are Unix seconds.

    `paused` without `paused_until` lasts until the owner presses Start.
    """

    started: bool
    paused: bool = False
    paused_until: float | None = None
    finishing: bool = False
    """Finish what runs, take nothing new, then stop."""

    def is_paused(self, now: float) -> bool:
        """Whether the owner's pause holds at `now`."""
        return self.paused and (self.paused_until is None or now < self.paused_until)
