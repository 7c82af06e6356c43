"""How long to wait before trying again. Pure."""

from __future__ import annotations

FIRST_S = 0.5
LONGEST_S = 30.0


def backoff_s(failures: int, chance: float) -> float:
    """Return the wait after `failures` failures in a row.

    It doubles up to half a minute, and `chance` (0 to 1, random) takes up to half of it away, so
    that all workers do not come back in the same moment.
    """
    longest = min(LONGEST_S, FIRST_S * 2.0 ** min(failures - 1, 16))
    return longest * (1.0 - chance / 2)
