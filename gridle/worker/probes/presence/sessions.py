"""All that shows whether somebody uses this machine, joined to one reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from gridle.worker.policy.readings import Attention
from gridle.worker.probes.presence.attention import AttentionWatch
from gridle.worker.probes.presence.screen_lock import Lock
from gridle.worker.probes.presence.user_input import InputReading, UserInput

_LOCKING_S = 5.0
"""Input within so long after the screen was locked belongs to the locking."""
_MOST_SIGNS = 16
_FIRST_ANSWER_TIMEOUT_S = 2.0


def join(
    own: InputReading,
    locked_for_s: float | None,
    attention: tuple[Attention, ...],
    others: Sequence[InputReading],
) -> InputReading:
    """Join the readings of the own session and of everything else to one.

    The latest input counts. A session that cannot be seen makes the whole unseen, unless it is
    locked. A locked session counts as away, whatever it shows, until somebody touches something:
    a key pressed at the lock screen is its user coming back. `locked` is true only where nobody
    has touched anything anywhere since the screen was locked.

    Args:
        own: the user's own graphical session, where there is one.
        locked_for_s: for how long that has been locked; None where it is not.
        attention: what keeps its screen on.
        others: consoles, gamepads, other users' sessions.
    """
    counted = list(others)
    if locked_for_s is None:
        has_session = own.session_unseen or own.seconds_since_input is not None
        counted.append(replace(own, attention=attention if has_session else ()))
    elif _is_touched(own, locked_for_s - _LOCKING_S):
        counted.append(replace(own, session_unseen=False, blindness=None, attention=()))
    unseen = next((reading for reading in counted if reading.session_unseen), None)
    idle = (r.seconds_since_input for r in counted if r.seconds_since_input is not None)
    seconds = min(idle, default=None)
    untouched = seconds is None or seconds >= (locked_for_s or 0.0)
    return InputReading(
        seconds_since_input=seconds,
        session_unseen=unseen is not None,
        blindness=None if unseen is None else unseen.blindness,
        locked=locked_for_s is not None and unseen is None and untouched,
        attention=tuple(sign for reading in counted for sign in reading.attention),
    )


def _is_touched(own: InputReading, within_s: float) -> bool:
    return own.seconds_since_input is not None and own.seconds_since_input < within_s


class _Part(Protocol):
    def start(self, on_change: Callable[[], None], /) -> None: ...

    def close(self) -> None: ...


class _Bus(Protocol):
    def start(self, wait_s: float) -> None: ...

    def close(self) -> None: ...


class Sessions:
    """Watches a whole machine through its parts.

    Args:
        own: the user's own graphical session; a fixed `AWAY` where there is none.
        locks: ways to see that it is locked.
        attention: ways to see films, presentations and full screens in it.
        others: everything else that shows somebody's hands.
        buses: what the parts listen to, started and closed with them.
    """

    def __init__(
        self,
        own: UserInput,
        locks: Sequence[Lock] = (),
        attention: Sequence[AttentionWatch] = (),
        others: Sequence[UserInput] = (),
        buses: Sequence[_Bus] = (),
    ) -> None:
        self._own = own
        self._locks = tuple(locks)
        self._attention = tuple(attention)
        self._others = tuple(others)
        self._buses = tuple(buses)
        parts: list[_Part] = [*self._locks, *self._attention, own, *self._others]
        self._parts = tuple(dict.fromkeys(parts))  # one may be two things
        self._closing = False
        self._on_input: Callable[[], None] = lambda: None

    def start(self, on_input: Callable[[], None]) -> None:
        """Begin; each part takes at most two seconds, and all but a hung one far less."""
        self._on_input = on_input
        for part in self._parts:
            part.start(self._tell)
        for bus in self._buses:
            bus.start(_FIRST_ANSWER_TIMEOUT_S)

    def read(self) -> InputReading:
        """Return what all parts know now, joined."""
        locked = (lock.locked_for_s() for lock in self._locks)
        locked_for_s = max((s for s in locked if s is not None), default=None)
        signs = [sign for watch in self._attention for sign in watch.read()]
        signs = list(dict.fromkeys(signs))[:_MOST_SIGNS]
        others = [other.read() for other in self._others]
        return join(self._own.read(), locked_for_s, tuple(signs), others)

    def watch_closely(self, *, on: bool) -> None:
        """Pass it on to all parts."""
        for watched in (self._own, *self._others):
            watched.watch_closely(on=on)

    def close(self) -> None:
        """Close all parts, and then what they stand on."""
        self._closing = True
        for part in self._parts:
            part.close()
        for bus in self._buses:
            bus.close()

    def _tell(self) -> None:
        if not self._closing:
            self._on_input()
