"""Many readings become one: the latest input counts, and blindness wins over all but a lock."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.policy.readings import Attention, AttentionKind, Blindness
from gridle.worker.probes.presence.sessions import Sessions, join
from gridle.worker.probes.presence.user_input import AWAY, InputReading, unseen
from tests.fakes.user_input import FakeInput

FILM = (Attention(AttentionKind.INHIBITOR, "player"),)
BLIND = unseen(Blindness.NO_IDLE_PROTOCOL)


def idle(seconds: float) -> InputReading:
    return InputReading(seconds, session_unseen=False)


def test_the_latest_input_counts() -> None:
    assert join(idle(100), None, (), [AWAY, idle(7), idle(50)]).seconds_since_input == 7


def test_no_session_at_all_is_away_whatever_keeps_the_machine_awake() -> None:
    assert join(AWAY, None, FILM, [AWAY]) == AWAY


def test_a_film_counts_in_a_session_that_is_not_locked() -> None:
    assert join(idle(100), None, FILM, []).attention == FILM
    assert join(idle(100), 100.0, FILM, []).attention == ()


def test_a_session_that_cannot_be_seen_makes_the_whole_unseen() -> None:
    joined = join(BLIND, None, (), [idle(7)])
    assert (joined.session_unseen, joined.blindness) == (True, Blindness.NO_IDLE_PROTOCOL)
    other = join(idle(100), None, (), [unseen(Blindness.OTHER_SESSION)])
    assert (other.session_unseen, other.blindness) == (True, Blindness.OTHER_SESSION)


def test_a_locked_session_counts_as_away_even_where_it_cannot_be_seen() -> None:
    for own in (BLIND, idle(60), idle(63)):
        joined = join(own, 60.0, (), [AWAY])
        assert joined == InputReading(None, session_unseen=False, locked=True)


def test_a_key_at_the_lock_screen_is_its_user_coming_back() -> None:
    assert join(idle(0.0), 60.0, FILM, []) == idle(0.0)


def test_what_locked_the_screen_is_no_coming_back() -> None:
    assert join(idle(0.5), 1.0, (), []).locked
    assert join(idle(60.0), 64.0, (), []).seconds_since_input is None


@pytest.mark.parametrize("typed_s", [0.0, 10.0, 100.0])
def test_somebody_typing_elsewhere_since_the_lock_is_not_locked_out(typed_s: float) -> None:
    joined = join(idle(60), 60.0, (), [idle(typed_s)])
    assert joined.seconds_since_input == typed_s
    assert joined.locked is (typed_s > 60)


readings = st.one_of(
    st.just(AWAY),
    st.floats(0, 1e6).map(idle),
    st.sampled_from(list(Blindness)).map(unseen),
)


@given(readings, st.none() | st.floats(0, 1e6), st.lists(readings, max_size=4))
def test_one_more_reading_never_makes_anybody_less_present(
    own: InputReading, locked_for_s: float | None, others: list[InputReading]
) -> None:
    joined = join(own, locked_for_s, (), others)
    with_one_more = join(own, locked_for_s, (), [*others, idle(5.0)])
    assert with_one_more.seconds_since_input is not None
    assert with_one_more.seconds_since_input <= (joined.seconds_since_input or 1e9)
    assert with_one_more.session_unseen is joined.session_unseen
    assert joined.locked or not with_one_more.locked
    assert (joined.blindness is not None) is joined.session_unseen


@given(readings, st.none() | st.floats(0, 1e6), st.lists(readings, max_size=4))
def test_a_lock_never_hides_what_is_elsewhere(
    own: InputReading, locked_for_s: float | None, others: list[InputReading]
) -> None:
    joined = join(own, locked_for_s, (), others)
    assert joined.session_unseen or not any(other.session_unseen for other in others)
    if joined.locked:
        assert not joined.session_unseen
        assert locked_for_s is not None
        seconds = [o.seconds_since_input for o in others if o.seconds_since_input is not None]
        assert min(seconds, default=locked_for_s) >= locked_for_s


class FakeLock(FakeInput):
    """A lock that is another user's session as well."""

    def locked_for_s(self) -> float | None:
        return 60.0


class FakeBus:
    def __init__(self) -> None:
        self.log: list[str] = []

    def start(self, wait_s: float) -> None:
        self.log.append(f"started, waits {wait_s > 0}")

    def close(self) -> None:
        self.log.append("closed")


class FakeSigns:
    def __init__(self, *signs: Attention) -> None:
        self._signs = signs

    def start(self, on_change: Callable[[], None]) -> None:
        on_change()

    def read(self) -> tuple[Attention, ...]:
        return self._signs

    def close(self) -> None:
        pass


def test_a_part_that_is_two_things_is_started_once_and_buses_with_the_rest() -> None:
    own, both, bus = FakeInput(BLIND), FakeLock(AWAY), FakeBus()
    sessions = Sessions(own, locks=[both], others=[both], buses=[bus])
    sessions.start(lambda: None)
    assert (own.starts, both.starts) == (1, 1)
    assert sessions.read().locked
    sessions.watch_closely(on=True)
    assert own.closely
    sessions.close()
    assert (own.closed, both.closed) == (True, True)
    assert bus.log == ["started, waits True", "closed"]


def test_the_same_sign_told_twice_is_one() -> None:
    sessions = Sessions(FakeInput(idle(5)), attention=[FakeSigns(*FILM), FakeSigns(*FILM)])
    assert sessions.read().attention == FILM


def test_nothing_is_told_after_the_end() -> None:
    told: list[None] = []
    own = FakeInput(idle(5))
    sessions = Sessions(own, attention=[FakeSigns()])
    sessions.start(lambda: told.append(None))
    own.show(idle(0))
    assert len(told) == 2
    sessions.close()
    own.show(idle(0))
    assert len(told) == 2
