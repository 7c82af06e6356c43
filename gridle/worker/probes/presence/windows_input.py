"""Whether somebody uses a Windows machine (not yet run there).

Input of this session by GetLastInputInfo; locks and other users' sessions by the Terminal
Services functions; full screens and presentations by SHQueryUserNotificationState.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from gridle.worker.policy.readings import Attention, AttentionKind, Blindness
from gridle.worker.probes.presence.polled_input import PolledInput, Scene

_TICKS = 2**32
"""Windows' clock of milliseconds begins anew after 49.7 days."""
_LATE_MS = 1000
"""An input may carry a time a moment after the clock's."""
_SERVICES_SESSION = 0
"""Where services run; it has no screen."""
_FULL_SCREENS = frozenset({2, 3, 4})
"""QUNS_BUSY, QUNS_RUNNING_D3D_FULL_SCREEN, QUNS_PRESENTATION_MODE (shellapi.h)."""
_SESSION_INFO = struct.Struct("<I4xIIi66x42x36x4xqqqqq")
"""WTSINFOEXW, level 1: number, state, flags, three names, five times (wtsapi32.h)."""
_LEVEL = 1
_FLAG_LOCKED = 0
_FILETIME_PER_S = 10_000_000


class WindowsCalls(Protocol):
    """The few calls of Windows that are needed; each raises OSError where it fails."""

    def own_session(self) -> int:
        """Return the number of the session that this program runs in."""

    def last_input_tick(self) -> int:
        """Return when the last input came to this session, in milliseconds of `tick`."""

    def tick(self) -> int:
        """Return the milliseconds since the start of Windows, modulo 2**32."""

    def notification_state(self) -> int:
        """Return this session's QUERY_USER_NOTIFICATION_STATE."""

    def active_sessions(self) -> tuple[int, ...]:
        """Return the numbers of the sessions that are at a screen, here or far away."""

    def session_info(self, session_id: int) -> bytes:
        """Return a session's WTSINFOEXW; another user's may be refused."""


@dataclass(frozen=True)
class Session:
    """What Windows tells of a session that is at a screen."""

    session_id: int
    is_locked: bool
    idle_s: float | None
    """None: Windows does not say, as it often does not for the one at the machine's own screen."""


class WindowsInput(PolledInput):
    """The sessions of this machine, asked through `calls`."""

    def __init__(self, calls: WindowsCalls | None = None) -> None:
        if calls is None:
            from gridle.worker.probes.presence.windows_calls import Libraries  # noqa: PLC0415 - loads ctypes

            calls = Libraries()
        super().__init__(_WindowsEyes(calls))


class _WindowsEyes:
    def __init__(self, calls: WindowsCalls) -> None:
        self._calls = calls

    def idle_s(self) -> float | None:
        if self._calls.own_session() == _SERVICES_SESSION:
            return None
        last_ms = self._calls.last_input_tick()  # before the clock, so that it is not after it
        return idle_ms(last_ms, self._calls.tick()) / 1000

    def scene(self) -> Scene:
        own_id = self._calls.own_session()
        sessions = [self._session(each, own_id) for each in self._calls.active_sessions()]
        state = self._calls.notification_state() if own_id != _SERVICES_SESSION else 0
        return scene_of(sessions, own_id, state)

    def _session(self, session_id: int, own_id: int) -> Session:
        try:
            return parse_session(self._calls.session_info(session_id))
        except OSError:
            if session_id == own_id:
                raise
            return Session(session_id, is_locked=False, idle_s=None)


def idle_ms(last_input_tick: int, tick: int) -> int:
    """Return the milliseconds between two readings of Windows' clock, the input's first. Pure."""
    passed_ms = (tick - last_input_tick) % _TICKS
    return 0 if passed_ms > _TICKS - _LATE_MS else passed_ms


def parse_session(untrusted_info: bytes) -> Session:
    """Read a session out of what WTSQuerySessionInformation fills in.

    Raises:
        OSError: it is shorter than it should be, or of a level that is not known.
    """
    if len(untrusted_info) < _SESSION_INFO.size:
        raise OSError("WTSINFOEX is too short")
    level, session_id, _state, flags, *times = _SESSION_INFO.unpack_from(untrusted_info)
    if level != _LEVEL:
        raise OSError("WTSINFOEX is of an unknown level")
    _, _, _, last_input, now = times
    idle_s = max(0.0, (now - last_input) / _FILETIME_PER_S) if last_input > 0 else None
    return Session(session_id, is_locked=flags == _FLAG_LOCKED, idle_s=idle_s)


def scene_of(sessions: Iterable[Session], own_id: int, notification_state: int) -> Scene:
    """Return what the sessions at a screen show together. Pure.

    Another user's session whose input is not told counts as one that cannot be seen, unless it
    is locked: then nobody is at it.
    """
    active = [each for each in sessions if each.session_id != _SERVICES_SESSION]
    others = [each for each in active if each.session_id != own_id]
    hidden = any(each.idle_s is None and not each.is_locked for each in others)
    told = [each.idle_s for each in others if each.idle_s is not None]
    shows = notification_state in _FULL_SCREENS
    return Scene(
        locked=bool(active) and all(each.is_locked for each in active),
        attention=(Attention(AttentionKind.FULLSCREEN),) if shows else (),
        blindness=Blindness.OTHER_SESSION if hidden else None,
        others_idle_s=min(told, default=None),
    )
