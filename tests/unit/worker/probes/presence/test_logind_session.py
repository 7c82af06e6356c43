"""What follows from logind's properties of a session."""

from __future__ import annotations

from typing import Any

import pytest

from gridle.worker.policy.readings import Blindness
from gridle.worker.probes.presence.logind_session import (
    LogindSession,
    own_session,
    reading_of_others,
    session_of,
)
from gridle.worker.probes.presence.user_input import AWAY, InputReading, unseen

NOW = 1000.0
DESKTOP: dict[str, Any] = {
    "Id": "2",
    "User": (1000, "/user"),
    "Type": "wayland",
    "Class": "user",
    "Active": True,
    "State": "active",
    "LockedHint": False,
    "IdleHint": False,
    "IdleSinceHint": 0,
    "IdleSinceHintMonotonic": 0,
    "TTY": "tty2",
}


def session(**changed: Any) -> LogindSession:  # noqa: ANN401 - any property
    made = session_of({**DESKTOP, **changed})
    assert made is not None
    return made


@pytest.mark.parametrize(
    "changed",
    [{"Type": 7}, {"User": ("root", "/")}, {"Active": "yes"}, {"IdleSinceHintMonotonic": -0.5}],
)
def test_properties_of_another_type_are_no_session(changed: dict[str, Any]) -> None:
    assert session_of({**DESKTOP, **changed}) is None


def test_properties_that_are_missing_are_no_session() -> None:
    assert session_of({}) is None


@pytest.mark.parametrize(
    ("changed", "reading"),
    [
        # never told when it is idle: cannot be seen
        ({}, unseen(Blindness.OTHER_SESSION)),
        ({"Type": "x11"}, unseen(Blindness.OTHER_SESSION)),
        ({"Class": "user-early"}, unseen(Blindness.OTHER_SESSION)),
        # tells
        ({"IdleSinceHintMonotonic": 900_000_000}, InputReading(0.0, session_unseen=False)),
        (
            {"IdleHint": True, "IdleSinceHintMonotonic": 900_000_000},
            InputReading(100.0, session_unseen=False),
        ),
        # nobody looks at it
        ({"LockedHint": True}, AWAY),
        ({"Active": False, "State": "online"}, AWAY),
        ({"State": "closing"}, AWAY),
        ({"Class": "greeter"}, AWAY),
        ({"Class": "background"}, AWAY),
        # consoles and SSH are seen by their terminals
        ({"Type": "tty"}, AWAY),
    ],
)
def test_another_session(changed: dict[str, Any], reading: InputReading) -> None:
    assert reading_of_others([session(**changed)], None, NOW) == reading


def test_one_unseen_session_outweighs_idle_ones() -> None:
    idle = session(Id="3", IdleHint=True, IdleSinceHintMonotonic=1)
    assert reading_of_others([idle, session()], None, NOW).session_unseen


def test_the_least_idle_session_counts() -> None:
    idle = session(Id="3", IdleHint=True, IdleSinceHintMonotonic=1)
    later = session(Id="4", IdleHint=True, IdleSinceHintMonotonic=990_000_000)
    assert reading_of_others([idle, later], None, NOW).seconds_since_input == pytest.approx(10)


def test_the_own_session_is_left_out() -> None:
    own = session()
    assert reading_of_others([own], own, NOW) == AWAY
    assert reading_of_others([own, session(Id="5")], own, NOW).session_unseen


def test_the_own_session_is_the_named_one_else_the_one_in_the_foreground() -> None:
    back, front = session(Id="1", Active=False), session(Id="2")
    stranger, console = session(Id="3", User=(0, "/root")), session(Id="4", Type="tty")
    everything = [stranger, console, back, front]
    assert own_session(everything, 1000, "") == front
    assert own_session(everything, 1000, "1") == back
    assert own_session(everything, 1000, "4") == front
    assert own_session([stranger, console], 1000, "") is None
