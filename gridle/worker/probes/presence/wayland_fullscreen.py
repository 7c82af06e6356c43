"""Whether a program fills the screen, where a Wayland compositor lists its windows.

wlroots' compositors (sway, labwc, Wayfire, Hyprland) and others do, by
zwlr-foreign-toplevel-management-v1. GNOME and KDE keep such lists for their own programs: there
a film is seen by the inhibitor that it holds.
"""

from __future__ import annotations

from collections.abc import Callable

from gridle.worker.policy.readings import Attention
from gridle.worker.probes.presence.reconnecting import Reconnecting
from gridle.worker.probes.presence.wayland_connection import (
    Global,
    WaylandConnection,
    connect_to,
)
from gridle.worker.probes.presence.wayland_toplevels import Toplevels
from gridle.worker.probes.presence.wayland_wire import Arguments

_MANAGER = "zwlr_foreign_toplevel_manager_v1"
_FULLSCREEN_SINCE, _NEWEST_VERSION = 2, 3
_TOPLEVEL = 0
_APP_ID, _STATE, _DONE, _CLOSED = 1, 4, 5, 6
_DESTROY = 7


class WaylandFullscreen:
    """Watches the windows of one compositor; says nothing where it does not list them."""

    def __init__(self, display_name: str) -> None:
        """Prepare to watch.

        Args:
            display_name: as in `WAYLAND_DISPLAY`: a name in `XDG_RUNTIME_DIR`, or a whole path.
        """
        self._attention: tuple[Attention, ...] = ()  # swapped whole: readers need no lock
        self._on_change: Callable[[], None] | None = None
        self._link = Reconnecting(
            "wayland-fullscreen", lambda: connect_to(display_name), self._follow
        )

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin; `on_change` comes from a thread when a program begins or ends to fill a screen.

        Returns after the first answer of the compositor, or after two seconds.
        """
        self._on_change = on_change
        self._link.start()

    def read(self) -> tuple[Attention, ...]:
        """Return the programs that fill a screen now; never waits."""
        return self._attention

    def close(self) -> None:
        """Stop the thread and give the connection back."""
        self._link.close()

    def _follow(self, connection: WaylandConnection) -> None:
        """Follow one connection until it ends."""
        try:
            connection.round_trip()
            _WindowList(connection, self._note)
            connection.round_trip()
            self._link.answered()
            while True:
                connection.dispatch()
        finally:
            self._note(())

    def _note(self, attention: tuple[Attention, ...]) -> None:
        if attention != self._attention:
            self._attention = attention
            if self._on_change is not None and not self._link.is_closing:
                self._on_change()


class _WindowList:
    """Takes in the compositor's list of windows, now or once it is offered."""

    def __init__(
        self, connection: WaylandConnection, note: Callable[[tuple[Attention, ...]], None]
    ) -> None:
        self._connection = connection
        self._note = note
        self._toplevels = Toplevels()
        self._bound = False
        connection.on_global = self._on_global
        for offered in tuple(connection.globals.values()):
            self._on_global(offered)

    def _on_global(self, offered: Global) -> None:
        # The first version does not tell which windows fill the screen.
        if offered.interface == _MANAGER and offered.version >= _FULLSCREEN_SINCE:
            if not self._bound:
                version = min(offered.version, _NEWEST_VERSION)
                self._connection.bind(offered, version, self._on_manager)
            self._bound = True

    def _on_manager(self, opcode: int, untrusted: Arguments) -> None:
        if opcode == _TOPLEVEL:
            window = untrusted.uint()
            self._connection.adopt(
                window, lambda opcode, arguments: self._on_window(window, opcode, arguments)
            )

    def _on_window(self, window: int, opcode: int, untrusted: Arguments) -> None:
        told = self._toplevels.told(window)
        if opcode == _APP_ID:
            self._toplevels.tell(window, told.named(untrusted.string()))
        elif opcode == _STATE:
            self._toplevels.tell(window, told.in_states(untrusted.uints()))
        elif opcode == _DONE:
            self._toplevels.done(window)
            self._note(self._toplevels.attention())
        elif opcode == _CLOSED:
            self._toplevels.close(window)
            self._connection.forget(window)
            self._connection.send(window, _DESTROY)
            self._note(self._toplevels.attention())
