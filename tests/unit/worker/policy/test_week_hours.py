from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.market.protocol.errors import InvalidInputError
from gridle.worker.policy.week_hours import parse_week, week_text

ALL, NONE = "#" * 24, "." * 24
NIGHT, EVENING, MORNING = (
    "######................##",
    "......................##",
    "######" + "." * 18,
)
DAY = st.text("#.", min_size=24, max_size=24)


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("mon-sun 0-24", (ALL,) * 7),
        ("never", (NONE,) * 7),
        ("sat,sun 0-24", (NONE,) * 5 + (ALL,) * 2),
        ("mon-sun 22-6", (NIGHT,) * 7),
        ("fri 22-6", (NONE,) * 4 + (EVENING, MORNING, NONE)),
        ("sun 22-6", (MORNING, *(NONE,) * 5, EVENING)),
        ("mon-thu 22-6; fri 22-24; sat,sun 0-24", (EVENING, *(NIGHT,) * 3, NIGHT, ALL, ALL)),
    ],
)
def test_a_text_means_a_week_and_is_said_again(text: str, week: tuple[str, ...]) -> None:
    assert parse_week(text) == week
    assert week_text(week) == text


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        (" MON - FRI 22-6", None),
        ("Mon-Fri 22-6;SAT 1-2, 5-6", "mon-fri 22-6; sat 1-2,5-6; sat 0-6"),
        ("fri-mon 3-4", "mon,fri-sun 3-4"),
        ("mon 0-12; mon 12-24", "mon 0-24"),
    ],
)
def test_other_ways_of_writing(text: str, same_as: str | None) -> None:
    if same_as is None:
        with pytest.raises(InvalidInputError):
            parse_week(text)
    else:
        assert parse_week(text) == parse_week(same_as)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mon",
        "mon 5",
        "mon 5-5",
        "mon 24-3",
        "mon 1-25",
        "mon 1-2-3",
        "mo 1-2",
        "mon 1-2;",
        "mon ٣-٤",
        "mon-fri-sat 1-2",
        "x" * 1001,
        "\0",
    ],
)
def test_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="mon-fri 22-6"):
        parse_week(text)


@given(st.tuples(*[DAY] * 7))
def test_every_week_survives_being_written(week: tuple[str, ...]) -> None:
    assert parse_week(week_text(week)) == week
