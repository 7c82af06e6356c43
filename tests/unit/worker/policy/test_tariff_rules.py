"""A file that leaves a minute without its one price is refused with a sentence that says where."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from gridle.market.protocol.errors import InvalidInputError
from gridle.worker.policy.tariff_book import DayPlan, RateClass, TariffBook, VoltageLevel
from gridle.worker.policy.tariff_calendar import DayType, Season
from gridle.worker.policy.tariff_rules import tariffs_of

ALL_DAY = DayPlan({"flat": ("00:00-24:00",)})
HOME = RateClass("Home", "all", {"all-year": {"flat": (100,)}})
BOOK = TariffBook(
    format_version=1,
    name="Test",
    source="made up",
    currency="EUR",
    timezone="Europe/Berlin",
    schedules={"all": (ALL_DAY,)},
    rates=(HOME,),
)


def changed(**changes: object) -> TariffBook:
    return msgspec.structs.replace(BOOK, **changes)


def plan(**bands: tuple[str, ...]) -> dict[str, tuple[DayPlan, ...]]:
    return {"all": (DayPlan(dict(bands)),)}


def test_the_book_of_these_tests_is_sound() -> None:
    (tariff,) = tariffs_of(BOOK, "test")
    assert tariff.preset_id == "test"
    assert tariff.price_at(0.0).micros_per_kwh == 100


@pytest.mark.parametrize(
    ("book", "words"),
    [
        (changed(timezone="Europe/Atlantis"), "time zone Europe/Atlantis"),
        (changed(timezone="../../etc/passwd"), "time zone"),
        (changed(timezone="Europe"), "time zone"),
        (changed(timezone=""), "time zone"),
        (changed(schedules=plan(flat=("00:00-23:59",))), "23:59 is in no band"),
        (changed(schedules=plan(flat=("00:00-24:00", "12:00-12:01"))), "12:00 is in flat and in"),
        (changed(schedules=plan(flat=("22:00-06:00", "05:59-22:00"))), "05:59 is in flat and in"),
        (changed(schedules=plan(flat=("00:00-00:00",))), "holds no time"),
        (changed(schedules={}), "names the schedule all"),
        (changed(schedules={"all": (ALL_DAY, ALL_DAY)}), "2 plans fit all, all-year, weekday"),
        (
            changed(schedules={"all": (DayPlan(ALL_DAY.bands, days=(DayType.WEEKEND,)),)}),
            "0 plans fit all, all-year, weekday",
        ),
        (
            changed(schedules={"all": (DayPlan(ALL_DAY.bands, seasons=("summer",)),)}),
            "a season that is not there",
        ),
        (changed(seasons=(Season("summer", "07-01", "09-30"),)), "01-01 (month-day) is in 0"),
        (
            changed(seasons=(Season("a", "01-01", "06-30"), Season("b", "06-30", "12-31"))),
            "06-30 (month-day) is in 2",
        ),
        (
            changed(holidays=(date(2026, 1, 1),), working_days=(date(2026, 1, 1),)),
            "2026-01-01 is a holiday and a working day",
        ),
        (changed(rates=(HOME, HOME)), "two tariffs are named test"),
        (
            changed(rates=(RateClass("Home", "all", {"all-year": {"peak": (1,)}}),)),
            "not for the seasons and bands",
        ),
        (
            changed(rates=(RateClass("Home", "all", {"winter": {"flat": (1,)}}),)),
            "not for the seasons and bands",
        ),
        (
            changed(rates=(RateClass("Home", "all", {"all-year": {"flat": (1, 2)}}),)),
            "not one price for each of the 1",
        ),
        (
            changed(
                schedules=plan(a=("00:00-12:00",), b=("12:00-24:00",)),
                rates=(RateClass("Home", "all", {"all-year": {"a": (1,), "b": (None,)}}),),
            ),
            "a price in some hours and none in others",
        ),
    ],
)
def test_what_is_wrong_is_said(book: TariffBook, words: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        tariffs_of(book, "test")
    assert words in caught.value.sentence.en
    assert caught.value.sentence.zh.startswith("无法使用此电价")


def test_a_level_that_is_not_offered_makes_no_tariff() -> None:
    book = changed(
        voltage_levels=(VoltageLevel("low", "Low"), VoltageLevel("high", "High", "高压")),
        rates=(
            RateClass("Home", "all", {"all-year": {"flat": (7, None)}}, id="home"),
            RateClass("Works", "all", {"all-year": {"flat": (9, 8)}}, id="works", name_zh="工厂"),
        ),
    )
    tariffs = tariffs_of(book, "test")
    assert [each.preset_id for each in tariffs] == [
        "test-home-low",
        "test-works-low",
        "test-works-high",
    ]
    assert [each.price_at(0.0).micros_per_kwh for each in tariffs] == [7, 9, 8]
    assert tariffs[2].title.en == "Test, Works, High"
    assert tariffs[2].title.zh == "Test，工厂，高压"


def test_a_season_may_go_over_new_year_and_february_may_have_29_days() -> None:
    seasons = (Season("winter", "11-01", "02-29"), Season("rest", "03-01", "10-31"))
    rate = RateClass("Home", "all", {"winter": {"flat": (2,)}, "rest": {"flat": (1,)}})
    book = changed(seasons=seasons, rates=(rate,))
    (tariff,) = tariffs_of(book, "test")
    assert tariff.calendar.season_of(date(2028, 2, 29)) == "winter"
    assert tariff.calendar.season_of(date(2027, 2, 28)) == "winter"
    assert tariff.calendar.season_of(date(2027, 3, 1)) == "rest"
