"""A source's figures become readings, and the end of a rest is told once."""

from __future__ import annotations

from gridle.worker.policy.readings import Blindness
from gridle.worker.probes.presence.hands import REST_MS, Hands
from gridle.worker.probes.presence.user_input import unseen


def watched() -> tuple[Hands, list[None]]:
    told: list[None] = []
    hands = Hands(Blindness.NO_IDLE_PROTOCOL)
    hands.tell(lambda: told.append(None))
    return hands, told


def test_nothing_noted_is_unseen() -> None:
    assert watched()[0].read() == unseen(Blindness.NO_IDLE_PROTOCOL)


def test_a_session_that_appears_a_rest_that_ends_and_going_blind_are_told_once_each() -> None:
    hands, told = watched()
    hands.note(60_000)
    assert len(told) == 1
    hands.note(60_000)
    assert len(told) == 1
    hands.note(0)
    hands.note(10)
    assert len(told) == 2
    hands.note(REST_MS)
    assert len(told) == 2
    hands.lose_sight()
    hands.lose_sight()
    assert len(told) == 3


def test_an_input_between_two_looks_is_told_though_the_next_rest_has_begun() -> None:
    hands, told = watched()
    hands.note(60_000)
    hands.note(2_000)
    assert len(told) == 2


def test_seconds_are_those_of_the_rest() -> None:
    hands, _ = watched()
    hands.note(REST_MS - 1)
    assert hands.read().seconds_since_input == 0
    hands.note(5_000)
    assert 5.0 <= (hands.read().seconds_since_input or 0) < 6.0


def test_nobody_is_told_after_the_end() -> None:
    hands, told = watched()
    hands.tell(None)
    hands.note(0)
    assert told == []
