"""A published tariff as its JSON file has it: seasons, days, hours, and the table of prices.

One file holds every rate class and voltage level of a place; each pair is one tariff to choose.
`docs/tariffs.md` shows the format by example. What a file must satisfy beyond the types here is
checked by `tariff_rules.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from gridle.market.protocol.sentence import Sentence
from gridle.worker.policy.electricity import Currency
from gridle.worker.policy.tariff_calendar import Calendar, DayType, Season, Weekday, Word

MAX_PRICE_MICROS = 10**12
"""A million of the currency for a kilowatt-hour: above any price in any currency of today."""

Text = Annotated[
    str,
    Meta(
        max_length=300,
        pattern=r"^[^\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]*$(?!\n)",
    ),
]
"""One line without marks of writing direction: people read these."""
Hours = Annotated[
    str,
    Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$(?!\n)"),
]
"""`HH:MM-HH:MM` of the local clock, the end not included.

`22:00-06:00` is the last two and the first six hours of the same date."""
Price = Annotated[int, Meta(ge=0, le=MAX_PRICE_MICROS)]
OptionalId = Annotated[str, Meta(pattern=r"^([a-z0-9]+(-[a-z0-9]+)*)?$(?!\n)", max_length=40)]


class DayPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """The hours of some days: every minute of a day is in just one band."""

    bands: Annotated[
        dict[Word, Annotated[tuple[Hours, ...], Meta(min_length=1, max_length=48)]],
        Meta(min_length=1, max_length=24),
    ]
    seasons: Annotated[tuple[Word, ...], Meta(max_length=24)] = ()
    """None named: all."""
    days: tuple[DayType, ...] = ()
    """None named: all."""

    def is_for(self, season: str, day_type: DayType) -> bool:
        """Whether this plan says the hours of such a day."""
        return (not self.seasons or season in self.seasons) and (
            not self.days or day_type in self.days
        )


class VoltageLevel(Struct, frozen=True, forbid_unknown_fields=True):
    """One column of the table."""

    id: Word
    name: Text
    name_zh: Text = ""


class RateClass(Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of customer: its hours, and a price per season, band and voltage level."""

    name: Text
    schedule: Word
    micros_per_kwh: Annotated[
        dict[Word, dict[Word, Annotated[tuple[Price | None, ...], Meta(max_length=20)]]],
        Meta(max_length=24),
    ]
    """By season, then band; in the order of the voltage levels, null where it is not offered."""
    id: OptionalId = ""
    name_zh: Text = ""


class TariffBook(Struct, frozen=True, forbid_unknown_fields=True):
    """One file of tariffs. Capacity charges are left out: work in idle hours does not move them."""

    format_version: Literal[1]
    name: Text
    source: Text
    currency: Currency
    timezone: Annotated[str, Meta(max_length=64)]
    """A name of the IANA time zone database, such as `Europe/Berlin`."""
    schedules: Annotated[
        dict[Word, Annotated[tuple[DayPlan, ...], Meta(max_length=100)]], Meta(max_length=50)
    ]
    rates: Annotated[tuple[RateClass, ...], Meta(min_length=1, max_length=200)]
    name_zh: Text = ""
    seasons: Annotated[tuple[Season, ...], Meta(max_length=24)] = ()
    """None named: one season, `all-year`."""
    voltage_levels: Annotated[tuple[VoltageLevel, ...], Meta(max_length=20)] = ()
    """None named: one price per band."""
    weekend: Annotated[tuple[Weekday, ...], Meta(max_length=7)] = (
        Weekday.SATURDAY,
        Weekday.SUNDAY,
    )
    holidays: Annotated[tuple[date, ...], Meta(max_length=2000)] = ()
    working_days: Annotated[tuple[date, ...], Meta(max_length=2000)] = ()

    @property
    def calendar(self) -> Calendar:
        """Its seasons and days."""
        return Calendar(
            self.seasons,
            frozenset(self.weekend),
            frozenset(self.holidays),
            frozenset(self.working_days),
        )


def title(book: TariffBook, rate: RateClass, level: VoltageLevel | None) -> Sentence:
    """Return the words by which a person chooses this tariff."""
    names = [(book.name, book.name_zh), (rate.name, rate.name_zh)]
    if level is not None:
        names.append((level.name, level.name_zh))
    return Sentence(
        ", ".join(dict.fromkeys(en for en, _zh in names)),
        "，".join(dict.fromkeys(zh or en for en, zh in names)),
    )
