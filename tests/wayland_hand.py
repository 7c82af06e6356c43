"""A hand that is already on the keyboard of a Wayland compositor."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from pathlib import Path
from typing import Protocol

from gridle.worker.probes.presence.wayland_connection import WaylandConnection
from gridle.worker.probes.presence.wayland_wire import request, string, uint

_LEFT_SHIFT = 42
"""Linux's code of the key (input-event-codes.h)."""
_PRESSED, _RELEASED = 1, 0
_XKB_V1 = 1
_KEYMAP = """xkb_keymap {
xkb_keycodes "one" { minimum = 8; maximum = 255; <LFSH> = 50; };
xkb_types "one" { include "complete" };
xkb_compatibility "one" { include "complete" };
xkb_symbols "one" { key <LFSH> { [ Shift_L ] }; };
};"""


class WaylandHand(Protocol):
    """A hand on a keyboard."""

    def press(self) -> float:
        """Press and release Shift; returns when, by the monotonic clock, the server was told."""

    def close(self) -> None:
        """Take the hand away."""


class VirtualKeyboardHand:
    """A keyboard plugged in through virtual-keyboard-v1, as wlroots' compositors offer it."""

    _CREATE, _KEYMAP, _KEY = 0, 0, 1

    def __init__(self, path: Path) -> None:
        self._connection = WaylandConnection(path)
        self._connection.round_trip()
        door = _bound(self._connection, "zwp_virtual_keyboard_manager_v1", 1)
        seat = _bound(self._connection, "wl_seat", 1)
        self._keyboard = self._connection.new_object()
        self._connection.send(door, self._CREATE, uint(seat), uint(self._keyboard))
        self._send_keymap()
        self._connection.round_trip()

    def press(self) -> float:
        """Press and release Shift."""
        told_at = time.monotonic()
        at_ms = uint(int(1000 * told_at) % 2**32)
        for state in (_PRESSED, _RELEASED):
            self._connection.send(self._keyboard, self._KEY, at_ms, uint(_LEFT_SHIFT), uint(state))
        return told_at

    def close(self) -> None:
        """Pull the keyboard out."""
        self._connection.disconnect()

    def _send_keymap(self) -> None:
        """Send the keymap: a file descriptor travels beside the message."""
        with tempfile.TemporaryFile() as file:
            size = file.write(_KEYMAP.encode() + b"\0")
            file.flush()
            message = request(self._keyboard, self._KEYMAP, uint(_XKB_V1), uint(size))
            socket.send_fds(self._connection._socket, [message], [file.fileno()])


class FakeInputHand:
    """KDE's fake input, of which KWin thinks as of any other device."""

    _AUTHENTICATE, _KEY = 0, 10

    def __init__(self, path: Path) -> None:
        self._connection = WaylandConnection(path)
        self._connection.round_trip()
        self._input = _bound(self._connection, "org_kde_kwin_fake_input", 4)
        who = f"gridle test {os.getpid()}"
        self._connection.send(self._input, self._AUTHENTICATE, string(who), string("test"))
        self._connection.round_trip()

    def press(self) -> float:
        """Press and release Shift."""
        told_at = time.monotonic()
        for state in (_PRESSED, _RELEASED):
            self._connection.send(self._input, self._KEY, uint(_LEFT_SHIFT), uint(state))
        return told_at

    def close(self) -> None:
        """Take the hand away."""
        self._connection.disconnect()


def _bound(connection: WaylandConnection, interface: str, version: int) -> int:
    offered = next(each for each in connection.globals.values() if each.interface == interface)
    return connection.bind(offered, version)
