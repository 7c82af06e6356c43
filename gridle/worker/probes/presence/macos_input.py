"""Whether somebody uses a Mac (not yet run there).

Input by CGEventSourceSecondsSinceLastEventType, the lock and whose screen it is by
CGSessionCopyCurrentDictionary, and films by the assertions that keep the display awake
(IOPMCopyAssertionsByProcess).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from gridle.market.protocol.plain_text import plain
from gridle.worker.policy.readings import Attention, AttentionKind, Blindness
from gridle.worker.probes.presence.polled_input import PolledInput, Scene

_KEEP_DISPLAY_AWAKE = frozenset({"PreventUserIdleDisplaySleep", "NoDisplaySleepAssertion"})
_MOST_SIGNS = 8
_MOST_NAME_CHARS = 80
_NOBODY_UID = 0
"""Owns the console while nobody is logged in at it."""

Untrusted = Mapping[str, object]


class MacosCalls(Protocol):
    """The few calls of macOS that are needed; each raises OSError where it fails."""

    def seconds_since_input(self) -> float:
        """Return the seconds since any input at this machine's devices."""

    def session(self) -> Untrusted | None:
        """Return this program's session at the window server; None where it has none."""

    def console_uid(self) -> int:
        """Return whose the machine's own screen is."""

    def assertions(self) -> list[Untrusted]:
        """Return what all programs ask of the power management."""


class MacosInput(PolledInput):
    """The session at this machine's screen, asked through `calls`."""

    def __init__(self, calls: MacosCalls | None = None) -> None:
        if calls is None:
            from gridle.worker.probes.presence.macos_calls import Frameworks  # noqa: PLC0415 - loads ctypes

            calls = Frameworks()
        super().__init__(_MacosEyes(calls))


class _MacosEyes:
    def __init__(self, calls: MacosCalls) -> None:
        self._calls = calls
        self._has_screen = True

    def idle_s(self) -> float | None:
        return self._calls.seconds_since_input() if self._has_screen else None

    def scene(self) -> Scene:
        session = self._calls.session()
        self._has_screen = has_screen(session)
        return scene_of(session, self._calls.console_uid(), self._calls.assertions())


def has_screen(session: Untrusted | None) -> bool:
    """Tell whether this program's session is the one that the screen shows. Pure."""
    return session is not None and bool(session.get("kCGSSessionOnConsoleKey", True))


def scene_of(session: Untrusted | None, console_uid: int, assertions: Iterable[Untrusted]) -> Scene:
    """Return what the session and the other programs show. Pure.

    Where the screen is another user's, that user cannot be seen; the login window is nobody's.
    """
    if not has_screen(session):
        nobody = console_uid == _NOBODY_UID
        return Scene(blindness=None if nobody else Blindness.OTHER_SESSION)
    locked = session is not None and bool(session.get("CGSSessionScreenIsLocked", False))
    return Scene(locked=locked, attention=attention_of(assertions))


def attention_of(untrusted_assertions: Iterable[Untrusted]) -> tuple[Attention, ...]:
    """Return the programs that keep the display awake, each once, in the order of names. Pure."""
    programs = {
        plain(str(each.get("Process Name", "")))[:_MOST_NAME_CHARS]
        for each in untrusted_assertions
        if str(each.get("AssertType")) in _KEEP_DISPLAY_AWAKE and each.get("AssertLevel", 1) != 0
    }
    return tuple(
        Attention(AttentionKind.INHIBITOR, program) for program in sorted(programs)[:_MOST_SIGNS]
    )
