"""What logind says of a login session, and what follows from it: pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from msgspec import Struct, field

from gridle.worker.policy.readings import Blindness
from gridle.worker.probes.presence.user_input import AWAY, InputReading, unseen

_GRAPHICAL = ("x11", "wayland", "mir")
_MICROSECONDS = 1_000_000


class LogindSession(Struct, frozen=True, rename="pascal"):
    """The properties of org.freedesktop.login1.Session that matter (systemd's D-Bus manual)."""

    id: str
    user: tuple[int, str]
    type: str
    session_class: str = field(name="Class")
    active: bool
    """In the foreground of its seat; a session without a seat (remote) always is."""
    state: str = ""
    locked_hint: bool = False
    idle_hint: bool = False
    idle_since_hint_monotonic: int = 0
    """Microseconds of CLOCK_MONOTONIC; 0 where the desktop has never told."""

    @property
    def shows_a_desktop(self) -> bool:
        """A person may look at it: no text console, no login screen, no service, not ending."""
        is_users = self.session_class.startswith("user")
        return self.type in _GRAPHICAL and is_users and self.state != "closing"

    @property
    def is_before_somebody(self) -> bool:
        """It is on a screen, and not locked."""
        return self.active and not self.locked_hint


def session_of(properties: dict[str, Any]) -> LogindSession | None:
    """Return the session that `properties` tell of; None where they are no session's."""
    try:
        return msgspec.convert(properties, LogindSession)
    except msgspec.ValidationError:
        return None


def own_session(
    sessions: Collection[LogindSession], user_id: int, session_id: str
) -> LogindSession | None:
    """Return the graphical session that this program belongs to.

    It is the one that the environment names, else this user's only one, else the one in the
    foreground: a program that the user's service manager started is not told.
    """
    ours = [s for s in sessions if s.shows_a_desktop and s.user[0] == user_id]
    ours.sort(key=lambda s: (s.id != session_id, not s.active, s.id))
    return ours[0] if ours else None


def reading_of_others(
    sessions: Collection[LogindSession], own: LogindSession | None, now: float
) -> InputReading:
    """Say whether somebody uses a graphical session other than `own`.

    Locked ones and those in the background count as away. The others are believed where their
    desktop tells logind when it is idle; where it never did, they cannot be seen.

    Args:
        sessions: all sessions of this machine.
        own: the session that is watched otherwise; None where none is.
        now: a moment of CLOCK_MONOTONIC, in seconds.
    """
    used = [
        session
        for session in sessions
        if session != own and session.shows_a_desktop and session.is_before_somebody
    ]
    if any(not s.idle_hint and s.idle_since_hint_monotonic == 0 for s in used):
        return unseen(Blindness.OTHER_SESSION)
    idle = [
        max(0.0, now - s.idle_since_hint_monotonic / _MICROSECONDS) if s.idle_hint else 0.0
        for s in used
    ]
    return InputReading(min(idle), session_unseen=False) if idle else AWAY
