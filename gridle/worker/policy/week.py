"""The owner's weekly grid of hours, read at a moment in the owner's own time zone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

OPEN = "#"
_HOURS_A_WEEK = 7 * 24


def is_open(hours: Sequence[str], now: float, zone: tzinfo) -> bool:
    """Say whether work is allowed in the local hour of `now` (Unix seconds)."""
    local = datetime.fromtimestamp(now, zone)
    return hours[local.weekday()][local.hour] == OPEN


def next_opening(hours: Sequence[str], now: float, zone: tzinfo) -> float | None:
    """Return when the next allowed local hour begins, in Unix seconds; None where none ever does.

    Steps are taken on the UTC line, so that an hour which a change of clocks skips or repeats is
    met as it really comes.
    """
    local = datetime.fromtimestamp(now, zone)
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    moment = datetime.fromtimestamp(now, UTC) - past
    for _ in range(_HOURS_A_WEEK + 2):
        moment += timedelta(hours=1)
        there = moment.astimezone(zone)
        if hours[there.weekday()][there.hour] == OPEN:
            # a zone whose clocks change by half an hour moves the hour's beginning
            begins = moment - timedelta(minutes=there.minute)
            return max(begins.timestamp(), now)
    return None
