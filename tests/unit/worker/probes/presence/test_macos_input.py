"""What macOS' dictionaries hold is read as macOS documents it."""

from __future__ import annotations

import pytest

from gridle.worker.policy.readings import Attention, AttentionKind, Blindness
from gridle.worker.probes.presence.macos_input import (
    MacosInput,
    Untrusted,
    attention_of,
    scene_of,
)
from gridle.worker.probes.presence.polled_input import Scene
from gridle.worker.probes.presence.user_input import AWAY, unseen

ON_SCREEN: Untrusted = {"kCGSSessionOnConsoleKey": True, "kCGSSessionUserNameKey": "me"}
OFF_SCREEN: Untrusted = {"kCGSSessionOnConsoleKey": False}
FILM: Untrusted = {"AssertType": "PreventUserIdleDisplaySleep", "Process Name": "Player"}
ME, ANOTHER, NOBODY = 501, 502, 0


class FakeMac:
    """A Mac whose answers a test sets."""

    def __init__(self, session: Untrusted | None, console_uid: int) -> None:
        self._session = session
        self._console_uid = console_uid

    def seconds_since_input(self) -> float:
        return 60.0

    def session(self) -> Untrusted | None:
        return self._session

    def console_uid(self) -> int:
        return self._console_uid

    def assertions(self) -> list[Untrusted]:
        return [FILM]


def test_a_lock_is_seen() -> None:
    assert not scene_of(ON_SCREEN, ME, []).locked
    assert scene_of({**ON_SCREEN, "CGSSessionScreenIsLocked": True}, ME, []).locked


@pytest.mark.parametrize("session", [None, OFF_SCREEN])
def test_a_screen_that_is_anothers_cannot_be_seen_and_nobodys_is_free(
    session: Untrusted | None,
) -> None:
    assert scene_of(session, ANOTHER, [FILM]) == Scene(blindness=Blindness.OTHER_SESSION)
    assert scene_of(session, NOBODY, [FILM]) == Scene()


def test_programs_that_keep_the_display_awake_are_named_once() -> None:
    found = attention_of(
        [
            FILM,
            FILM,
            {"AssertType": "NoDisplaySleepAssertion", "Process Name": "A\x1b[2Jslides"},
            {"AssertType": "PreventUserIdleSystemSleep", "Process Name": "backup"},
            {"AssertType": "PreventUserIdleDisplaySleep", "Process Name": "off", "AssertLevel": 0},
        ]
    )
    assert found == (
        Attention(AttentionKind.INHIBITOR, "A [2Jslides"),
        Attention(AttentionKind.INHIBITOR, "Player"),
    )


def test_signs_are_few_and_short_whatever_is_claimed() -> None:
    claims: list[Untrusted] = [{**FILM, "Process Name": f"{n}" * 1000} for n in range(100)]
    found = attention_of([*claims, {"AssertType": 7, "Process Name": 8}, {}])
    assert len(found) == 8
    assert all(len(each.program) <= 80 for each in found)


def test_input_and_films_of_this_session_are_seen() -> None:
    seen = MacosInput(FakeMac(ON_SCREEN, ME))
    seen.start(lambda: None)
    reading = seen.read()
    seen.close()
    assert 60.0 <= (reading.seconds_since_input or 0.0) < 61.0
    assert reading.attention == (Attention(AttentionKind.INHIBITOR, "Player"),)


def test_a_mac_without_a_screen_has_nobody_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gridle.worker.probes.presence.polled_input.LOOSE_PERIOD_S", -1.0)
    seen = MacosInput(FakeMac(None, NOBODY))
    seen.start(lambda: None)
    assert seen.read() == AWAY
    seen.close()


def test_without_macos_nothing_is_seen() -> None:
    seen = MacosInput()
    seen.start(lambda: None)
    assert seen.read() == unseen(Blindness.NOT_BUILT)
    seen.close()
