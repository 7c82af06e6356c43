"""The user's hands as a Wayland compositor sees them: one thread, blocked until a rest changes."""

from __future__ import annotations

import time
from collections.abc import Callable

from gridle.worker.policy.readings import Blindness
from gridle.worker.probes.presence.reconnecting import Reconnecting
from gridle.worker.probes.presence.user_input import InputReading, unseen
from gridle.worker.probes.presence.wayland_connection import WaylandConnection, connect_to
from gridle.worker.probes.presence.wayland_idle import REST_MS, IdleNotices
from gridle.worker.probes.presence.wayland_seats import Seats


class WaylandInput:
    """Watches every seat of one compositor.

    Where the compositor has gone, or tells nobody how long its user rests, the session is unseen
    until that changes. At first the user counts as having just been there: a compositor does not
    tell what was before it was asked.
    """

    def __init__(self, display_name: str) -> None:
        """Prepare to watch.

        Args:
            display_name: as in `WAYLAND_DISPLAY`: a name in `XDG_RUNTIME_DIR`, or a whole path.
        """
        self._seats = Seats()  # swapped whole, so that readers need no lock
        self._is_there = False
        self._on_input: Callable[[], None] | None = None
        self._link = Reconnecting("wayland-input", lambda: connect_to(display_name), self._follow)

    def start(self, on_input: Callable[[], None]) -> None:
        """Begin; returns after the first answer of the compositor, or after two seconds."""
        self._on_input = on_input
        self._link.start()

    def read(self) -> InputReading:
        """Return what the compositor last said, carried on to now."""
        seconds = self._seats.seconds_since_input(time.monotonic())
        if seconds is None:
            is_there = self._is_there
            return unseen(Blindness.NO_IDLE_PROTOCOL if is_there else Blindness.NO_COMPOSITOR)
        return InputReading(seconds, session_unseen=False)

    def watch_closely(self, *, on: bool) -> None:
        """Do nothing: the compositor tells at once in any case."""

    def close(self) -> None:
        """Stop the thread and give the connection back."""
        self._link.close()

    def _follow(self, connection: WaylandConnection) -> None:
        """Follow one connection until it ends."""
        try:
            connection.round_trip()
            self._is_there = True
            IdleNotices(
                connection,
                on_seat=lambda seat: self._note(self._seats.used(seat)),
                on_rest=self._rested,
                on_gone=lambda seat: self._note(self._seats.without(seat)),
            )
            self._link.answered()
            while True:
                connection.dispatch()
        finally:
            self._is_there = False
            self._note(Seats())

    def _rested(self, seat: int) -> None:
        self._note(self._seats.rested(seat, time.monotonic() - REST_MS / 1000))

    def _note(self, seats: Seats) -> None:
        """Take in the seats; tell when they appear, go, or are used after a rest."""
        before, self._seats = self._seats, seats
        appeared_or_gone = bool(before.last_input_at) != bool(seats.last_input_at)
        if appeared_or_gone or (before.resting and not seats.resting):
            self._tell()

    def _tell(self) -> None:
        if self._on_input is not None and not self._link.is_closing:
            self._on_input()
