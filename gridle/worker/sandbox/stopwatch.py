"""Running time with the pauses left out; the time is passed in."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Stopwatch:
    """Counts seconds of running; `now_s` is any monotonic clock."""

    counted_s: float = 0.0
    running_since_s: float | None = None

    def go(self, now_s: float) -> Stopwatch:
        """Count from now; no change where it already counts."""
        return self if self.running_since_s is not None else replace(self, running_since_s=now_s)

    def hold(self, now_s: float) -> Stopwatch:
        """Stop counting; no change where it is held."""
        return self if self.running_since_s is None else Stopwatch(self.elapsed_s(now_s))

    def elapsed_s(self, now_s: float) -> float:
        """Return the seconds counted so far."""
        since = now_s if self.running_since_s is None else self.running_since_s
        return self.counted_s + max(0.0, now_s - since)
