"""A share of CPU as a cgroup quota, and the smallest fence of time that holds it evenly."""

from __future__ import annotations

from dataclasses import dataclass

PERIOD_US = 20_000
"""Short, so that no quarter of a second shows more than the share; measured beside 100 ms."""
_MIN_QUOTA_US = 1_000
"""The kernel takes no smaller quota (Documentation/scheduler/sched-bwc.rst)."""
_MAX_PERIOD_US = 1_000_000
_WHOLE_CORE_PERCENT = 100.0


@dataclass(frozen=True)
class Quota:
    """CPU time that may be used in each period, both in microseconds."""

    quota_us: int
    period_us: int


def quota_of(cpu_percent: float) -> Quota:
    """Return the quota for a share of one core; a longer period only where the share is tiny."""
    share = max(cpu_percent, 0.1) / _WHOLE_CORE_PERCENT
    period_us = min(_MAX_PERIOD_US, max(PERIOD_US, round(_MIN_QUOTA_US / share)))
    return Quota(max(_MIN_QUOTA_US, round(share * period_us)), period_us)
