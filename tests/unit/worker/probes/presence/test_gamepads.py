"""A hand is told from the trembling of a worn stick."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.probes.presence.gamepads import Stick

BUTTON, AXIS, FROM_THE_START = 1, 2, 0x80


def event(kind: int, value: int, number: int = 0) -> bytes:
    return struct.pack("=IhBB", 12345, value, kind, number)


def test_what_is_told_at_the_start_is_no_hand() -> None:
    start = event(BUTTON | FROM_THE_START, 1) + event(AXIS | FROM_THE_START, -32767, 3)
    assert not Stick().is_touched_by(start)


def test_a_button_is_a_hand() -> None:
    assert Stick().is_touched_by(event(BUTTON, 1))


def test_a_stick_that_moves_a_quarter_of_its_way_is_a_hand() -> None:
    stick = Stick()
    assert not stick.is_touched_by(event(AXIS | FROM_THE_START, 100) + event(AXIS, 4000))
    assert not stick.is_touched_by(event(AXIS, -4000))
    assert stick.is_touched_by(event(AXIS, 9000))
    assert not stick.is_touched_by(event(AXIS, 9100))  # held still
    assert stick.is_touched_by(event(AXIS, 0))


@given(st.lists(st.integers(-4000, 4000), max_size=50))
def test_trembling_is_never_a_hand(values: list[int]) -> None:
    told = b"".join(event(AXIS, value) for value in values)
    stick = Stick()
    assert not stick.is_touched_by(event(AXIS | FROM_THE_START, 0) + told)


@given(st.binary(max_size=100))
def test_any_bytes_are_taken(data: bytes) -> None:
    Stick().is_touched_by(data)
