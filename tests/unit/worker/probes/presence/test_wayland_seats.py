"""Any seat that is in use counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.probes.presence.wayland_seats import Seats

SEATS = st.dictionaries(st.integers(), st.none() | st.floats(0, 1000), min_size=1).map(Seats)


def test_without_any_seat_nothing_can_be_said() -> None:
    assert Seats().seconds_since_input(now=5.0) is None
    assert Seats().used(1).without(1).seconds_since_input(now=5.0) is None


def test_a_rest_is_carried_on_until_it_ends() -> None:
    seats = Seats().used(1)
    assert not seats.resting
    seats = seats.rested(1, last_input_at=10.0)
    assert seats.resting
    assert seats.seconds_since_input(now=10.5) == 0.5
    assert seats.seconds_since_input(now=70.0) == 60.0
    assert seats.used(1).seconds_since_input(now=70.0) == 0.0


def test_the_seat_used_last_decides() -> None:
    seats = Seats().rested(1, last_input_at=10.0).rested(2, last_input_at=40.0)
    assert seats.seconds_since_input(now=100.0) == 60.0
    assert seats.without(2).seconds_since_input(now=100.0) == 90.0


@given(SEATS, st.integers())
def test_one_seat_in_use_is_enough(seats: Seats, seat: int) -> None:
    used = seats.used(seat)
    assert used.seconds_since_input(now=2000.0) == 0.0
    assert not used.resting


@given(SEATS, st.floats(1000, 2000))
def test_a_further_seat_never_makes_the_rest_longer(seats: Seats, last_input_at: float) -> None:
    before = seats.seconds_since_input(now=2000.0)
    after = seats.rested(max(seats.last_input_at) + 1, last_input_at).seconds_since_input(2000.0)
    assert before is not None
    assert after == pytest.approx(min(before, 2000.0 - last_input_at))
