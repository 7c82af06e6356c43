from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from gridle.app.pause_choices import PauseChoice


@pytest.fixture(autouse=True)
def _berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone()


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        ("2026-11-25 22:00", 10),
        ("2026-11-25 09:00", 23),
        ("2026-11-26 03:30", 4.5),
        ("2026-11-26 04:00", 28),
        # The night of 25 October 2026 is an hour longer, that of 29 March an hour shorter.
        ("2026-10-24 22:00", 11),
        ("2026-03-28 22:00", 9),
    ],
)
def test_a_pause_until_the_morning_ends_at_eight_on_the_clock(now: str, hours: float) -> None:
    assert PauseChoice.MORNING.seconds(_local(now)) == hours * 3600


def test_the_others_are_as_long_as_they_say() -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    assert PauseChoice.HALF_HOUR.seconds(now) == 1800
    assert PauseChoice.HOUR.seconds(now) == 3600
    assert len(PauseChoice) == 3
