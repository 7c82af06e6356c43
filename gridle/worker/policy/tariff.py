"""What electricity costs at any moment: one rate class at one voltage level, by the local clock.

Prices hold by what a clock on the wall shows. In the night in which clocks are put forward an
hour is missing, in the night in which they are put back one comes twice: `price_at` steps along
real time and asks what the wall clock shows there, so that both are right in every zone.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from gridle.market.protocol.sentence import Sentence
from gridle.worker.policy.power_price import PowerPrice
from gridle.worker.policy.tariff_calendar import Calendar, DayType

DAY_MINUTES = 24 * 60
SEARCH_S = 8 * 86_400
"""How far ahead a change is looked for: a week holds every kind of day but holidays."""
CHEAP_TOLERANCE_PERCENT = 1
"""What is at most so much above the day's lowest price is as good as cheapest."""

_MINUTE_S = 60
_CLOCK_LOOK_S = 3 * 3600
"""No zone has put its clock forward and back again within so short a time."""


@dataclass(frozen=True)
class Period:
    """A stretch of a local day, from this minute on to the next period or midnight."""

    start_minute: int
    band: str
    micros_per_kwh: int


@dataclass(frozen=True)
class DayPrices:
    """One kind of day; the periods are in order and the first begins at minute 0."""

    periods: tuple[Period, ...]

    def at(self, minute: int) -> Period:
        """Return the period that holds this minute of the day."""
        place = bisect_right(self.periods, minute, key=lambda each: each.start_minute)
        return self.periods[place - 1]

    def next_edge(self, minute: int) -> int:
        """Return the minute at which the period after this minute's begins; midnight is 1440."""
        place = bisect_right(self.periods, minute, key=lambda each: each.start_minute)
        return self.periods[place].start_minute if place < len(self.periods) else DAY_MINUTES

    def is_cheap(self, micros_per_kwh: int) -> bool:
        """Whether this price is the day's lowest, or as good as that."""
        lowest = min(each.micros_per_kwh for each in self.periods)
        return micros_per_kwh * 100 <= lowest * (100 + CHEAP_TOLERANCE_PERCENT)


@dataclass(frozen=True)
class _Hour:
    """What holds at one instant."""

    micros_per_kwh: int
    band: str
    is_cheap: bool


@dataclass(frozen=True, eq=False)
class Tariff:
    """One tariff; made by `tariff_rules.py` from a checked file: every minute has one price."""

    preset_id: str
    title: Sentence
    source: str
    currency: str
    zone: ZoneInfo
    calendar: Calendar
    days: Mapping[tuple[str, DayType], DayPrices]
    """By season and kind of day."""

    def price_at(self, now: float) -> PowerPrice:
        """Return the price at `now` (Unix seconds) and until when it holds."""
        start = math.floor(now)
        here = self._at(start)
        until: int | None = None
        for at, there in self._steps(start):
            if until is None and there != here:
                until = at
            if until is not None and (here.is_cheap or there.is_cheap):
                return PowerPrice(
                    here.micros_per_kwh, here.band, until, None if here.is_cheap else at
                )
        end = start + SEARCH_S
        cheap_at = None if here.is_cheap else float(end)
        return PowerPrice(here.micros_per_kwh, here.band, until or end, cheap_at)

    def _at(self, at: int) -> _Hour:
        local = datetime.fromtimestamp(at, self.zone)
        day = self._day(local)
        period = day.at(_minute(local))
        return _Hour(period.micros_per_kwh, period.band, day.is_cheap(period.micros_per_kwh))

    def _day(self, local: datetime) -> DayPrices:
        date = local.date()
        return self.days[self.calendar.season_of(date), self.calendar.day_type_of(date)]

    def _steps(self, at: int) -> Iterator[tuple[int, _Hour]]:
        """Yield each instant after `at` at which something may change, and what holds there."""
        end = at + SEARCH_S
        while at < end:
            local = datetime.fromtimestamp(at, self.zone)
            minute = _minute(local)
            left_minutes = self._day(local).next_edge(minute) - minute
            ahead = min(end, at + left_minutes * _MINUTE_S - local.second)
            at = self._clock_change(at, ahead)
            yield at, self._at(at)

    def _clock_change(self, after: int, until: int) -> int:
        """Return when the clock is next put forward or back, and `until` if not before that."""
        offset, low = self._offset(after), after
        while low < until:
            high = min(until, low + _CLOCK_LOOK_S)
            if self._offset(high) != offset:
                while high - low > 1:
                    middle = (low + high) // 2
                    low, high = (low, middle) if self._offset(middle) != offset else (middle, high)
                return high
            low = high
        return until

    def _offset(self, at: int) -> float:
        offset = datetime.fromtimestamp(at, self.zone).utcoffset()
        return offset.total_seconds() if offset is not None else 0.0


def _minute(local: datetime) -> int:
    return local.hour * 60 + local.minute
