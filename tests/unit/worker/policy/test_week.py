"""The weekly grid is read in the owner's own hours, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.policy.week import is_open, next_opening

SHUT = "." * 24
NIGHT = "######" + "." * 16 + "##"
WEEK = (NIGHT,) * 5 + ("#" * 24,) * 2
ZONES = ("UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")


def _at(zone: str, *when: int) -> float:
    return datetime(*when, tzinfo=ZoneInfo(zone)).timestamp()  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("when", "opens"),
    [
        ((2026, 11, 25, 12, 30), (2026, 11, 25, 22, 0)),  # a Wednesday
        ((2026, 11, 27, 21, 59), (2026, 11, 27, 22, 0)),
    ],
)
def test_shut_hours_say_when_the_next_one_begins(
    when: tuple[int, ...], opens: tuple[int, ...]
) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    now = _at("Asia/Shanghai", *when)
    assert not is_open(WEEK, now, zone)
    assert next_opening(WEEK, now, zone) == _at("Asia/Shanghai", *opens)


def test_open_hours_are_local_ones() -> None:
    now = _at("Asia/Shanghai", 2026, 11, 25, 23, 0)
    assert is_open(WEEK, now, ZoneInfo("Asia/Shanghai"))
    assert not is_open(WEEK, now, UTC)


def test_a_week_without_hours_never_opens() -> None:
    assert next_opening((SHUT,) * 7, 0.0, UTC) is None


def test_an_hour_that_the_clocks_skip_opens_when_they_have() -> None:
    zone = ZoneInfo("Europe/Berlin")
    two_o_clock = ("..#" + "." * 21,) * 7
    now = _at("Europe/Berlin", 2026, 3, 29, 0, 30)
    assert next_opening(two_o_clock, now, zone) == _at("Europe/Berlin", 2026, 3, 30, 2, 0)


@given(
    st.tuples(*[st.text("#.", min_size=24, max_size=24)] * 7),
    st.floats(1_700_000_000, 1_900_000_000),
    st.sampled_from(ZONES),
)
def test_it_is_shut_until_the_next_opening_and_open_then(
    hours: tuple[str, ...], now: float, name: str
) -> None:
    zone = ZoneInfo(name)
    if is_open(hours, now, zone):
        return
    opens = next_opening(hours, now, zone)
    if opens is None:
        assert "#" not in "".join(hours)
        return
    assert is_open(hours, opens, zone)
    assert not is_open(hours, opens - 1.0, zone) or opens - now < 1.0
