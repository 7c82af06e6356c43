"""The best way that sees is read; further ones wait until they are needed."""

from __future__ import annotations

import pytest

from gridle.worker.policy.readings import Blindness
from gridle.worker.probes.presence.first_that_sees import FirstThatSees
from gridle.worker.probes.presence.user_input import AWAY, InputReading, unseen
from tests.fakes.user_input import FakeInput

BLIND = unseen(Blindness.NO_IDLE_PROTOCOL)
SEEN, SEEN_LATER = InputReading(3.0, session_unseen=False), InputReading(9.0, session_unseen=False)


def test_the_first_that_sees_is_read_and_the_rest_never_started() -> None:
    first, second = FakeInput(SEEN), FakeInput(SEEN_LATER)
    ways = FirstThatSees([first, second])
    ways.start(lambda: None)
    assert ways.read() == SEEN
    assert (first.starts, second.starts) == (1, 0)


def test_a_blind_one_is_passed_over_and_used_again_once_it_sees() -> None:
    first, second = FakeInput(BLIND), FakeInput(SEEN)
    ways = FirstThatSees([first, second])
    ways.start(lambda: None)
    assert ways.read() == SEEN
    first.show(SEEN_LATER)
    assert ways.read() == SEEN_LATER


def test_the_next_is_started_when_the_first_goes_blind_and_the_worker_is_told() -> None:
    told: list[None] = []
    first, second = FakeInput(SEEN), FakeInput(SEEN_LATER)
    ways = FirstThatSees([first, second])
    ways.start(lambda: told.append(None))
    first.show(BLIND)
    assert ways.read() == SEEN_LATER
    assert told


@pytest.mark.parametrize(("otherwise", "reading"), [(None, BLIND), (AWAY, AWAY)])
def test_where_none_sees_the_first_says_why_unless_it_is_said_otherwise(
    otherwise: InputReading | None, reading: InputReading
) -> None:
    ways = FirstThatSees([FakeInput(BLIND), FakeInput(unseen(Blindness.NOT_BUILT))], otherwise)
    assert ways.read() == reading
    ways.start(lambda: None)
    assert ways.read() == reading


def test_only_the_way_that_is_used_watches_closely() -> None:
    first, second = FakeInput(BLIND), FakeInput(SEEN)
    ways = FirstThatSees([first, second])
    ways.start(lambda: None)
    ways.watch_closely(on=True)
    assert second.closely
    first.show(SEEN)
    ways.watch_closely(on=True)
    assert (first.closely, second.closely) == (True, False)
    ways.watch_closely(on=False)
    assert (first.closely, second.closely) == (False, False)


def test_after_the_end_nothing_is_told_nor_started() -> None:
    told: list[None] = []
    first, second = FakeInput(SEEN), FakeInput(SEEN)
    ways = FirstThatSees([first, second])
    ways.start(lambda: told.append(None))
    ways.close()
    first.show(BLIND)
    assert (first.closed, second.starts, told) == (True, 0, [])
