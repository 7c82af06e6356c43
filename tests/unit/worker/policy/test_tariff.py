"""Prices hold by the wall clock, through every change of the clock, in any zone."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.policy.tariff import SEARCH_S, Tariff
from gridle.worker.policy.tariff_book import DayPlan, RateClass, TariffBook
from gridle.worker.policy.tariff_calendar import DayType, Season
from gridle.worker.policy.tariff_rules import tariffs_of

ZONES = (
    "Asia/Shanghai",
    "Asia/Kolkata",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Africa/Casablanca",
    "America/Santiago",
    "Asia/Beirut",
    "UTC",
)
HOLIDAYS = (date(2026, 10, 1), date(2027, 1, 1), date(2026, 3, 29))
WORKING_DAYS = (date(2026, 10, 10), date(2026, 11, 1))
PRICES = {
    ("cold", "weekday"): {"night": 300_000, "day": 700_000, "peak": 1_100_000},
    ("cold", "rest"): {"night": 250_000, "day": 500_000},
    ("warm", "weekday"): {"night": 280_000, "day": 600_000},
    ("warm", "rest"): {"night": 240_000, "day": 240_000},
}
BANDS: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {
    ("cold", "weekday"): {
        "night": ("22:00-06:30",),
        "day": ("06:30-17:00", "20:00-22:00"),
        "peak": ("17:00-20:00",),
    },
    ("cold", "rest"): {"night": ("23:30-02:30",), "day": ("02:30-23:30",)},
    ("warm", "weekday"): {"night": ("22:00-06:00",), "day": ("06:00-22:00",)},
    ("warm", "rest"): {"night": ("00:00-12:00",), "day": ("12:00-24:00",)},
}
"""Peak by weekday in the cold season; Sundays' clock changes fall into the edge of a band."""


def book(zone: str) -> TariffBook:
    def days(kind: str) -> tuple[DayType, ...]:
        return (DayType.WEEKDAY,) if kind == "weekday" else (DayType.WEEKEND, DayType.HOLIDAY)

    # Bands of one name have one price in a season: weekday and rest bands are told apart.
    return TariffBook(
        format_version=1,
        name="Test",
        source="made up",
        currency="EUR",
        timezone=zone,
        seasons=(Season("cold", "10-01", "03-31"), Season("warm", "04-01", "09-30")),
        holidays=HOLIDAYS,
        working_days=WORKING_DAYS,
        schedules={
            "hours": tuple(
                DayPlan(
                    bands={f"{kind}-{band}": hours for band, hours in bands.items()},
                    seasons=(season,),
                    days=days(kind),
                )
                for (season, kind), bands in BANDS.items()
            )
        },
        rates=(
            RateClass(
                name="Home",
                schedule="hours",
                micros_per_kwh={
                    season: {
                        f"{kind}-{band}": (price,)
                        for (at, kind), prices in PRICES.items()
                        if at == season
                        for band, price in prices.items()
                    }
                    for season in ("cold", "warm")
                },
            ),
        ),
    )


TARIFFS = {zone: tariffs_of(book(zone), "test")[0] for zone in ZONES}


def by_the_wall_clock(zone: str, at: float) -> tuple[int, str]:
    """Look the price up as a person would, without the code under test."""
    local = datetime.fromtimestamp(math.floor(at), ZoneInfo(zone))
    day = local.date()
    season = "warm" if 4 <= day.month <= 9 else "cold"
    rests = day in HOLIDAYS or (day.weekday() >= 5 and day not in WORKING_DAYS)
    kind = "rest" if rests else "weekday"
    clock = f"{local:%H:%M}"
    for band, ranges in BANDS[season, kind].items():
        for hours in ranges:
            start, end = hours.split("-")
            inside = start <= clock < end if start < end else clock >= start or clock < end
            if inside:
                return PRICES[season, kind][band], f"{kind}-{band}"
    raise AssertionError(clock)


moments = st.floats(
    datetime(2026, 1, 1, tzinfo=UTC).timestamp(), datetime(2028, 1, 1, tzinfo=UTC).timestamp()
)
near_clock_changes = st.builds(
    lambda day, seconds: datetime.combine(day, time(), UTC).timestamp() + seconds,
    st.sampled_from(
        [
            date(2026, 3, 29),
            date(2026, 10, 25),
            date(2026, 3, 8),
            date(2026, 11, 1),
            date(2026, 4, 4),
            date(2026, 10, 3),
            date(2026, 2, 15),
            date(2026, 3, 22),
            date(2026, 9, 5),
        ]
    ),
    st.floats(-86_400, 2 * 86_400),
)
times = moments | near_clock_changes


@given(st.sampled_from(ZONES), times, st.lists(st.floats(0, 1, exclude_max=True), max_size=20))
def test_a_price_holds_until_it_says_and_changes_then(
    zone: str, now: float, parts: list[float]
) -> None:
    price = TARIFFS[zone].price_at(now)
    assert now < price.until <= now + SEARCH_S
    for part in (0.0, *parts):
        at = now + part * (price.until - now)
        if at < price.until:
            assert by_the_wall_clock(zone, at) == (price.micros_per_kwh, price.band)
            assert TARIFFS[zone].price_at(at).until == price.until
    last_second = max(now, price.until - 1)
    assert by_the_wall_clock(zone, last_second) == (price.micros_per_kwh, price.band)
    then = TARIFFS[zone].price_at(price.until)
    told_apart = (then.micros_per_kwh, then.band, then.cheap_at is None)
    assert told_apart != (price.micros_per_kwh, price.band, price.cheap_at is None)


@given(st.sampled_from(ZONES), st.dates(date(2026, 1, 1), date(2027, 12, 30)))
def test_a_day_costs_the_sum_of_its_real_hours(zone: str, day: date) -> None:
    """A steady kilowatt from midnight to midnight, summed by `until` and minute by minute."""
    start, end = (
        datetime.combine(each, time(), ZoneInfo(zone)).timestamp()
        for each in (day, day + timedelta(days=1))
    )
    by_periods, at = 0.0, start
    while at < end:
        price = TARIFFS[zone].price_at(at)
        until = min(price.until, end)
        by_periods += price.micros_per_kwh * (until - at)
        at = until
    minutes = range(round(start), round(end), 60)
    assert by_periods == sum(by_the_wall_clock(zone, minute)[0] for minute in minutes) * 60


@given(st.sampled_from(ZONES), times)
def test_cheap_hours_are_the_lowest_of_their_local_day(zone: str, now: float) -> None:
    price = TARIFFS[zone].price_at(now)
    day = datetime.fromtimestamp(math.floor(now), ZoneInfo(zone)).date()
    season = "warm" if 4 <= day.month <= 9 else "cold"
    rests = day in HOLIDAYS or (day.weekday() >= 5 and day not in WORKING_DAYS)
    lowest = min(PRICES[season, "rest" if rests else "weekday"].values())
    assert (price.cheap_at is None) == (price.micros_per_kwh == lowest)
    if price.cheap_at is not None:
        assert now < price.cheap_at <= now + 26 * 3600
        assert TARIFFS[zone].price_at(price.cheap_at).cheap_at is None
        assert TARIFFS[zone].price_at(price.cheap_at - 1).cheap_at == price.cheap_at


def test_the_missing_hour_in_berlin() -> None:
    """On 29 March 2026 02:00 is followed by 03:00: the band until 02:30 ends half an hour early."""
    berlin = ZoneInfo("Europe/Berlin")
    at = datetime(2026, 3, 29, 1, 30, tzinfo=berlin).timestamp()
    price = TARIFFS["Europe/Berlin"].price_at(at)
    assert price.band == "rest-night"
    assert price.until == at + 30 * 60
    assert TARIFFS["Europe/Berlin"].price_at(price.until).band == "rest-day"


def test_the_doubled_hour_in_berlin() -> None:
    """On 25 October 2026 02:00 to 03:00 comes twice, and with it the edge at 02:30."""
    tariff, berlin = TARIFFS["Europe/Berlin"], ZoneInfo("Europe/Berlin")
    start = datetime(2026, 10, 25, 1, 0, tzinfo=berlin).timestamp()
    seen = [(0.0, tariff.price_at(start).band)]
    at = start
    while at < start + 5 * 3600:
        at = tariff.price_at(at).until
        seen.append(((at - start) / 3600, tariff.price_at(at).band))
    assert seen[:4] == [(0, "rest-night"), (1.5, "rest-day"), (2, "rest-night"), (2.5, "rest-day")]


def test_lord_howe_moves_its_clock_by_half_an_hour() -> None:
    zone = "Australia/Lord_Howe"
    start = datetime(2026, 10, 4, 0, 0, tzinfo=ZoneInfo(zone)).timestamp()
    end = datetime(2026, 10, 5, 0, 0, tzinfo=ZoneInfo(zone)).timestamp()
    assert end - start == 23.5 * 3600
    night = TARIFFS[zone].price_at(start)
    assert night.until == start + 2 * 3600, "02:00 becomes 02:30, where the night band ends"


def test_a_flat_tariff_says_when_to_ask_again() -> None:
    (flat,) = tariffs_of(
        TariffBook(
            format_version=1,
            name="Flat",
            source="",
            currency="INR",
            timezone="Asia/Kolkata",
            schedules={"all": (DayPlan({"flat": ("00:00-24:00",)}),)},
            rates=(RateClass("Home", "all", {"all-year": {"flat": (6_000_000,)}}),),
        ),
        "flat",
    )
    price = flat.price_at(1_800_000_000.5)
    assert (price.micros_per_kwh, price.cheap_at) == (6_000_000, None)
    assert price.until == 1_800_000_000 + SEARCH_S


@pytest.mark.parametrize(
    ("day", "band"),
    [
        (date(2026, 9, 30), "weekday-day"),
        (date(2026, 10, 1), "rest-day"),
        (date(2026, 10, 2), "weekday-day"),
        (date(2026, 10, 3), "rest-day"),
        (date(2026, 10, 10), "weekday-day"),
    ],
)
def test_holidays_weekends_and_extra_working_days(day: date, band: str) -> None:
    noon = datetime.combine(day, time(12), ZoneInfo("Asia/Shanghai")).timestamp()
    assert TARIFFS["Asia/Shanghai"].price_at(noon).band == band


def test_prices_follow_each_other_without_gap_for_a_year() -> None:
    tariff: Tariff = TARIFFS["Europe/Berlin"]
    start = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    edges = [start]
    while edges[-1] < start + 366 * 86_400:
        edges.append(tariff.price_at(edges[-1]).until)
    assert all(0 < later - earlier <= 86_400 for earlier, later in pairwise(edges))
