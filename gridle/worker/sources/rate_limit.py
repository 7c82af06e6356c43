"""A token bucket: how many bytes may go now, and how long until more may. Pure.

Whole numbers of bytes and nanoseconds, so that no rounding ever lets a byte more through.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

NS = 10**9
BURST_NS = NS // 4
"""What may go at once after a rest: as much as in a quarter of a second."""


@dataclass(frozen=True)
class Bucket:
    """`level` and time as they were at `at_ns`, of any clock that only goes forward."""

    rate_bytes_s: int
    at_ns: int
    level: int = 0
    """In billionths of a byte: what one nanosecond adds is the rate."""

    @property
    def burst_bytes(self) -> int:
        """The most that may go at once; at least one byte, or nothing ever would."""
        return max(1, self.rate_bytes_s * BURST_NS // NS) if self.rate_bytes_s else 0

    def filled(self, now_ns: int) -> Bucket:
        """Return the bucket with what the time until `now_ns` added."""
        passed_ns = max(0, now_ns - self.at_ns)
        level = min(self.burst_bytes * NS, self.level + passed_ns * self.rate_bytes_s)
        return replace(self, level=level, at_ns=max(now_ns, self.at_ns))

    def take(self, wanted_bytes: int, now_ns: int) -> tuple[Bucket, int]:
        """Return the bucket after it gave what it could, and how many bytes that is.

        It gives nothing until there is a useful portion (what is wanted, or half a burst), so
        that a slow line is not asked for single bytes.
        """
        full = self.filled(now_ns)
        portion = min(wanted_bytes, self._portion_bytes)
        granted = min(wanted_bytes, full.level // NS)
        if granted < portion:
            return full, 0
        return replace(full, level=full.level - granted * NS), granted

    def wait_ns(self, wanted_bytes: int, now_ns: int) -> int | None:
        """Return how long until `take` would give something; None: not at this rate."""
        if self.rate_bytes_s == 0:
            return None
        lacking = min(wanted_bytes, self._portion_bytes) * NS - self.filled(now_ns).level
        return max(0, -(-lacking // self.rate_bytes_s))

    def changed(self, rate_bytes_s: int, now_ns: int) -> Bucket:
        """Return the bucket at another rate; what it holds stays, up to the new burst."""
        return replace(self.filled(now_ns), rate_bytes_s=rate_bytes_s).filled(now_ns)

    @property
    def _portion_bytes(self) -> int:
        return max(1, self.burst_bytes // 2)
