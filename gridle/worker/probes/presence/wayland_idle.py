"""The two protocols by which a compositor tells how long a seat rests, behind one door.

ext-idle-notify-v1 (staging; KWin, wlroots ≥ 0.17, and many others) and its older sister, KDE's
idle protocol (sway up to 1.8). From version 2 the first can leave idle inhibitors out of account;
in all others a film holds the rest off, and counts as use.
"""

from __future__ import annotations

from collections.abc import Callable

from gridle.worker.probes.presence.reconnecting import LineGoneError
from gridle.worker.probes.presence.wayland_connection import Global, WaylandConnection
from gridle.worker.probes.presence.wayland_wire import Arguments, uint

REST_MS = 500
"""A pause this long between two inputs is a rest; shorter ones raise no event."""

_EXT, _KDE, _SEAT = "ext_idle_notifier_v1", "org_kde_kwin_idle", "wl_seat"
_EXT_GET_NOTIFICATION, _EXT_GET_INPUT_NOTIFICATION, _INPUT_SINCE = 1, 2, 2
_KDE_GET_TIMEOUT = 0
_END_NOTIFICATION = 0
"""`destroy` in the one protocol, `release` in the other."""
_IDLED, _RESUMED = 0, 1
_SEAT_VERSION = 1
_MAX_SEATS = 64


class IdleNotices:
    """Asks for notice of every seat's rests, of those that come later too."""

    def __init__(
        self,
        connection: WaylandConnection,
        on_seat: Callable[[int], None],
        on_rest: Callable[[int], None],
        on_gone: Callable[[int], None],
    ) -> None:
        """Look at what the compositor offers now, and listen for more.

        Args:
            connection: after its first round trip.
            on_seat: a seat is in use: it is new, or its rest has ended.
            on_rest: a seat has been without input for `REST_MS`.
            on_gone: a seat is no more.
        """
        self._connection = connection
        self._on_seat, self._on_rest, self._on_gone = on_seat, on_rest, on_gone
        self._protocol: Global | None = None
        self._bound = 0
        self._notices: dict[int, int] = {}
        connection.on_global = self._on_global
        connection.on_global_remove = self._on_global_remove
        for offered in tuple(connection.globals.values()):
            self._on_global(offered)

    def _on_global(self, offered: Global) -> None:
        if offered.interface == _SEAT:
            self._watch(offered)
        elif offered.interface in (_EXT, _KDE):
            self._choose()

    def _choose(self) -> None:
        """Take the better of the protocols, once; what was chosen stays."""
        if self._protocol is not None:
            return
        by_interface = {each.interface: each for each in self._connection.globals.values()}
        chosen = by_interface.get(_EXT) or by_interface.get(_KDE)
        if chosen is None:
            return
        version = min(chosen.version, _INPUT_SINCE) if chosen.interface == _EXT else 1
        self._protocol = chosen
        self._bound = self._connection.bind(chosen, version)
        for offered in tuple(self._connection.globals.values()):
            if offered.interface == _SEAT:
                self._watch(offered)

    def _watch(self, seat: Global) -> None:
        if self._protocol is None or seat.name in self._notices:
            return
        if len(self._notices) >= _MAX_SEATS:
            raise LineGoneError
        bound_seat = self._connection.bind(seat, _SEAT_VERSION)
        notice = self._connection.new_object(
            lambda opcode, _: self._on_notice(seat.name, opcode, _)
        )
        made, after, of = uint(notice), uint(REST_MS), uint(bound_seat)
        if self._protocol.interface == _KDE:
            self._connection.send(self._bound, _KDE_GET_TIMEOUT, made, of, after)
        elif self._protocol.version >= _INPUT_SINCE:
            self._connection.send(self._bound, _EXT_GET_INPUT_NOTIFICATION, made, after, of)
        else:
            self._connection.send(self._bound, _EXT_GET_NOTIFICATION, made, after, of)
        self._notices[seat.name] = notice
        self._on_seat(seat.name)

    def _on_notice(self, seat: int, opcode: int, _: Arguments) -> None:
        if opcode == _IDLED:
            self._on_rest(seat)
        elif opcode == _RESUMED:
            self._on_seat(seat)

    def _on_global_remove(self, gone: Global) -> None:
        notice = self._notices.pop(gone.name, None)
        if notice is not None:
            self._connection.forget(notice)
            self._connection.send(notice, _END_NOTIFICATION)
            self._on_gone(gone.name)
