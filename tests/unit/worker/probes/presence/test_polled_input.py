"""Input that no event tells of is looked for, and only while it matters."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from gridle.worker.policy.readings import Attention, AttentionKind, Blindness
from gridle.worker.probes.presence import polled_input
from gridle.worker.probes.presence.polled_input import PolledInput, Scene, is_news, joined
from gridle.worker.probes.presence.user_input import AWAY, InputReading, unseen

DEADLINE_S = 10.0
FILM = Attention(AttentionKind.FULLSCREEN)


class FakeEyes:
    """An OS that says what a test sets, or nothing at all."""

    def __init__(self) -> None:
        self.idle: float | None = 100.0
        self.sees = Scene()
        self.answers = True
        self.looks = 0
        self.looked = threading.Condition()

    def idle_s(self) -> float | None:
        with self.looked:
            self.looks += 1
            self.looked.notify_all()
        if not self.answers:
            raise OSError
        return self.idle

    def scene(self) -> Scene:
        return self.sees

    def wait_for_looks(self, count: int) -> bool:
        with self.looked:
            wanted = self.looks + count
            return self.looked.wait_for(lambda: self.looks >= wanted, DEADLINE_S)


class Watched:
    """A polled input with what it told."""

    def __init__(self) -> None:
        self.eyes = FakeEyes()
        self.told = threading.Semaphore(0)
        self.input = PolledInput(self.eyes)

    def was_told(self) -> bool:
        return self.told.acquire(timeout=DEADLINE_S)


@pytest.fixture
def watched() -> Iterator[Watched]:
    watched = Watched()
    watched.input.start(watched.told.release)
    assert watched.was_told()  # that there is a session
    yield watched
    watched.input.close()


def test_input_is_told_while_it_is_watched_for(watched: Watched) -> None:
    watched.input.watch_closely(on=True)
    assert watched.eyes.wait_for_looks(1)
    watched.eyes.idle = 0.0
    assert watched.was_told()
    assert watched.input.read().seconds_since_input == 0.0


def test_nobody_looks_while_nothing_is_to_be_stopped(watched: Watched) -> None:
    watched.input.watch_closely(on=True)
    assert watched.eyes.wait_for_looks(2)
    watched.input.watch_closely(on=False)
    looks = watched.eyes.looks
    threading.Event().wait(4 * polled_input.HANDS_PERIOD_S)
    assert watched.eyes.looks <= looks + 1  # one may have been under way


def test_who_reads_has_a_look_taken_where_the_last_is_old(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = watched.eyes.looks
    watched.input.read()
    assert watched.eyes.looks == looks
    monkeypatch.setattr(polled_input, "LOOSE_PERIOD_S", -1.0)
    watched.eyes.idle = 7.0
    assert 7.0 <= (watched.input.read().seconds_since_input or 0.0) < 8.0


def test_what_changes_slowly_is_told(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polled_input, "SCENE_PERIOD_S", 0.0)
    watched.input.watch_closely(on=True)
    watched.eyes.sees = Scene(locked=True, attention=(FILM,))
    assert watched.was_told()
    reading = watched.input.read()
    assert reading.locked
    assert reading.attention == (FILM,)


def test_an_os_that_falls_silent_leaves_the_session_unseen(watched: Watched) -> None:
    watched.input.watch_closely(on=True)
    watched.eyes.answers = False
    assert watched.was_told()
    assert watched.input.read() == unseen(Blindness.NOT_BUILT)
    watched.eyes.answers = True
    assert watched.was_told()
    assert not watched.input.read().session_unseen


def test_an_os_that_is_silent_is_told_of_once(watched: Watched) -> None:
    watched.input.watch_closely(on=True)
    watched.eyes.answers = False
    assert watched.was_told()
    assert watched.eyes.wait_for_looks(3)
    assert not watched.told.acquire(blocking=False)


def test_a_machine_without_a_screen_has_nobody_at_it() -> None:
    watched = Watched()
    watched.eyes.idle = None
    watched.input.start(watched.told.release)
    assert watched.input.read() == AWAY
    watched.input.close()


def test_closing_before_starting_is_allowed() -> None:
    Watched().input.close()


OWN = InputReading(30.0, session_unseen=False)


def test_the_last_input_of_anybody_counts() -> None:
    assert joined(OWN, Scene(others_idle_s=5.0), 2.0).seconds_since_input == 7.0
    assert joined(OWN, Scene(others_idle_s=50.0), 0.0).seconds_since_input == 30.0
    assert joined(None, Scene(others_idle_s=50.0), 0.0).seconds_since_input == 50.0
    assert joined(None, Scene(), 0.0) == AWAY


def test_somebody_unseen_is_said() -> None:
    reading = joined(OWN, Scene(blindness=Blindness.OTHER_SESSION), 0.0)
    assert reading.session_unseen
    assert reading.blindness is Blindness.OTHER_SESSION


@pytest.mark.parametrize(
    ("before", "now", "news"),
    [
        (Scene(), Scene(), False),
        (Scene(), Scene(locked=True), True),
        (Scene(attention=(FILM,)), Scene(), True),
        (Scene(), Scene(others_idle_s=1.0), True),
        (Scene(others_idle_s=1.0), Scene(), True),
        (Scene(others_idle_s=1.0), Scene(others_idle_s=2.0), False),
        (Scene(others_idle_s=9.0), Scene(others_idle_s=0.0), True),
    ],
)
def test_rest_that_goes_on_is_no_news(before: Scene, now: Scene, *, news: bool) -> None:
    assert is_news(before, now) is news
