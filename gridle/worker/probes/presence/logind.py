"""Login sessions as logind tells them: others' desktops, the own one's lock, and waking up.

`org.freedesktop.login1` on the system bus (systemd's D-Bus manual; elogind speaks it too).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from gridle.worker.probes.dbus.bus import Bus
from gridle.worker.probes.dbus.service import (
    Body,
    Call,
    Interest,
    Service,
    Signal,
    properties,
    typed,
)
from gridle.worker.probes.presence.logind_session import (
    LogindSession,
    own_session,
    reading_of_others,
    session_of,
)
from gridle.worker.probes.presence.screen_lock import LockClock
from gridle.worker.probes.presence.user_input import InputReading

_NAME = "org.freedesktop.login1"
_PATH = "/org/freedesktop/login1"
_MANAGER = "org.freedesktop.login1.Manager"
_SESSION = "org.freedesktop.login1.Session"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_INTERESTS = (
    Interest(_MANAGER, "SessionNew", _PATH),
    Interest(_MANAGER, "SessionRemoved", _PATH),
    Interest(_MANAGER, "PrepareForSleep", _PATH),
    Interest(_PROPERTIES, "PropertiesChanged", first_argument=_SESSION),
    Interest(_SESSION, "Lock"),
    Interest(_SESSION, "Unlock"),
)
_LIST_SESSIONS = Call(_PATH, _MANAGER, "ListSessions")
_FIRST_ANSWER_TIMEOUT_S = 2.0
_MOST_SESSIONS = 64


class Logind:
    """A `UserInput` for all sessions but the own one, and a `Lock` for that.

    Args:
        bus: the system bus.
        user_id: whose session is the own one.
        session_id: its name, where the environment tells (XDG_SESSION_ID).
        own_is_watched: says whether something else sees the own session, or knows that it cannot.
        on_resume: comes when the machine has woken up, which also counts as input: somebody
            opened the lid.
    """

    def __init__(
        self,
        bus: Bus,
        user_id: int,
        session_id: str,
        own_is_watched: Callable[[], bool],
        on_resume: Callable[[], None] = lambda: None,
    ) -> None:
        self._bus = bus
        self._user_id = user_id
        self._session_id = session_id
        self._own_is_watched = own_is_watched
        self._on_resume = on_resume
        self._on_input: Callable[[], None] = lambda: None
        self._service: Service | None = None
        self._sessions: dict[str, LogindSession] = {}  # swapped whole; by path
        self._resumed_at: float | None = None
        self._lock = LockClock()

    def start(self, on_input: Callable[[], None]) -> None:
        """Begin; returns after the first answer, or after two seconds."""
        self._on_input = on_input
        self._bus.listen(_NAME, _INTERESTS, self)
        self._bus.start(_FIRST_ANSWER_TIMEOUT_S)

    def read(self) -> InputReading:
        """Return whether somebody uses a session that is not watched otherwise."""
        now = time.monotonic()
        own = self._own() if self._own_is_watched() else None
        reading = reading_of_others(self._sessions.values(), own, now)
        if self._resumed_at is None:
            return reading
        known = [now - self._resumed_at]
        if reading.seconds_since_input is not None:
            known.append(reading.seconds_since_input)
        return replace(reading, seconds_since_input=min(known))

    def locked_for_s(self) -> float | None:
        """Return for how long nobody has had the own session before them; None while they have."""
        return self._lock.locked_for_s()

    def watch_closely(self, *, on: bool) -> None:
        """Do nothing: logind tells at once, always."""

    def close(self) -> None:
        """Tell nobody any more; the bus is closed by its owner."""
        self._on_input = self._on_resume = lambda: None

    def appeared(self, service: Service) -> None:
        """Ask for all sessions."""
        self._service = service
        service.call(_LIST_SESSIONS, self._take_list)

    def heard(self, signal: Signal) -> None:
        """Take in what has changed."""
        match signal.member:
            case "PrepareForSleep":
                self._note_sleep(signal.body)
            case "SessionNew":
                new = typed(signal.body, tuple[str, str])
                if new is not None:
                    self._look(new[1])
            case "SessionRemoved":
                removed = typed(signal.body, tuple[str, str])
                if removed is not None:
                    self._keep(removed[1], None)
            case _:
                self._look(signal.path)

    def gone(self) -> None:
        """Without logind, nothing is known of sessions."""
        self._service = None
        self._sessions = {}
        self._lock.note(locked=False)
        self._on_input()

    def _take_list(self, body: Body | None) -> None:
        listed = typed(body, tuple[list[tuple[str, int, str, str, str]]])
        for *_, path in listed[0] if listed else ():
            self._look(path)

    def _look(self, path: str) -> None:
        """Ask for a session's properties, whole: half of a change would be a guess."""
        room = path in self._sessions or len(self._sessions) < _MOST_SESSIONS
        if self._service is not None and room:
            get_all = Call(path, _PROPERTIES, "GetAll", "s", (_SESSION,))
            self._service.call(get_all, lambda body: self._keep(path, session_of(properties(body))))

    def _keep(self, path: str, session: LogindSession | None) -> None:
        if session == self._sessions.get(path):
            return
        kept = {at: known for at, known in self._sessions.items() if at != path}
        self._sessions = kept if session is None else {**kept, path: session}
        own = self._own()
        self._lock.note(locked=own is not None and not own.is_before_somebody)
        self._on_input()

    def _own(self) -> LogindSession | None:
        return own_session(self._sessions.values(), self._user_id, self._session_id)

    def _note_sleep(self, body: Body) -> None:
        goes_to_sleep = typed(body, tuple[bool])
        if goes_to_sleep == (False,):
            self._resumed_at = time.monotonic()
            self._on_resume()
            self._on_input()
