"""Which season and which kind of day a date is, as a tariff has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

MonthDay = Annotated[str, Meta(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$(?!\n)")]
"""`MM-DD`; `02-29` stands for the end of February in any year."""
Word = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)", max_length=40)]

ALL_YEAR = "all-year"
"""The one season of a tariff that names none."""

_LEAP_YEAR = 2024


class DayType(StrEnum):
    """The kinds of days that tariffs tell apart."""

    WEEKDAY = "weekday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


class Weekday(StrEnum):
    """The days of the week, Monday first."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


_WEEKDAYS = tuple(Weekday)


class Season(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of every year, both days included; it may go over New Year.

    One season may be several such parts under one name.
    """

    name: Word
    first_day: MonthDay
    last_day: MonthDay

    def holds(self, month_day: str) -> bool:
        """Whether this `MM-DD` is in it; text in this form sorts as the days do."""
        if self.first_day <= self.last_day:
            return self.first_day <= month_day <= self.last_day
        return month_day >= self.first_day or month_day <= self.last_day


@dataclass(frozen=True)
class Calendar:
    """A tariff's seasons and days; dates are local."""

    seasons: tuple[Season, ...]
    weekend: frozenset[Weekday]
    holidays: frozenset[date]
    working_days: frozenset[date]
    """Days of a weekend on which people work, such as before a long holiday in China."""

    @property
    def season_names(self) -> tuple[str, ...]:
        """Each season once, in the file's order."""
        return tuple(dict.fromkeys(each.name for each in self.seasons)) or (ALL_YEAR,)

    def season_of(self, day: date) -> str:
        """Return the season's name; where a file's seasons were checked there is just one."""
        return seasons_on(self.seasons, f"{day:%m-%d}")[0]

    def day_type_of(self, day: date) -> DayType:
        """Return the kind of day; a holiday is one whatever day of the week it is."""
        if day in self.holidays:
            return DayType.HOLIDAY
        is_weekend = _WEEKDAYS[day.weekday()] in self.weekend
        return DayType.WEEKEND if is_weekend and day not in self.working_days else DayType.WEEKDAY


def seasons_on(seasons: tuple[Season, ...], month_day: str) -> tuple[str, ...]:
    """Return the names of all seasons that hold this `MM-DD`."""
    return tuple(each.name for each in seasons if each.holds(month_day)) if seasons else (ALL_YEAR,)


def days_of_a_leap_year() -> tuple[str, ...]:
    """Return every `MM-DD` that there is."""
    first = date(_LEAP_YEAR, 1, 1)
    return tuple(f"{first + timedelta(days=number):%m-%d}" for number in range(366))
