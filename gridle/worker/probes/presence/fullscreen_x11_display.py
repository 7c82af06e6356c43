"""One connection to an X server, and what it tells of the window in front.

The window manager keeps the numbers of the active window and of all others on the root window,
and the states of each window on that window itself (Extended Window Manager Hints 1.5); the
server tells of each change of such a property. Every name and number of a window was written by
a program, and is not trusted.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Iterator

import xcffib
import xcffib.xproto

from gridle.market.protocol.plain_text import plain
from gridle.worker.probes.presence.reconnecting import LineGoneError

_ACTIVE, _STACK = "_NET_ACTIVE_WINDOW", "_NET_CLIENT_LIST_STACKING"
_STATE, _TYPE = "_NET_WM_STATE", "_NET_WM_WINDOW_TYPE"
_FULLSCREEN, _HIDDEN = "_NET_WM_STATE_FULLSCREEN", "_NET_WM_STATE_HIDDEN"
_DESKTOP, _DOCK = "_NET_WM_WINDOW_TYPE_DESKTOP", "_NET_WM_WINDOW_TYPE_DOCK"
_NAMES = (_ACTIVE, _STACK, _STATE, _TYPE, _FULLSCREEN, _HIDDEN, _DESKTOP, _DOCK)
_MAX_WORDS = 64
"""As much of a window's property is read, in words of four bytes; no honest one is longer."""
_MAX_WINDOWS = 4096
_MAX_PANELS = 16
"""So many panels may lie above the window in front."""
_NO_WINDOW = 0
_WORD = struct.Struct("=I")


class FullscreenX11Display:
    """A connection; every method raises `LineGoneError` once the server has gone.

    Only one thread may use it, but for `interrupt`.
    """

    def __init__(self, name: str) -> None:
        self._front = _NO_WINDOW
        with _gone_is_ours():
            self._connection = xcffib.connect(display=name)
            try:
                self._core = xcffib.xproto.xprotoExtension(self._connection)
                self._root = self._connection.get_setup().roots[self._connection.pref_screen].root
                self._atoms = {each: self._atom(each) for each in _NAMES}
                self._listen(self._root, to_properties=True)
            except BaseException:
                self._connection.disconnect()
                raise

    def full_screen_program(self) -> str | None:
        """Return whose window fills the screen and is looked at; None where none does.

        The name is empty where the program gives none. The desktop's own background and panels
        never count.
        """
        with _gone_is_ours():
            self._follow_front()
            if self._front == _NO_WINDOW:
                return None
            states = self._words(self._front, _STATE)
            fills = self._atoms[_FULLSCREEN] in states and self._atoms[_HIDDEN] not in states
            if not fills or self._is_furniture(self._front):
                return None
            return self._program(self._front)

    def wait_for_change(self) -> None:
        """Block until something changes that `full_screen_program` looks at."""
        looked_at = {(self._root, self._atoms[name]) for name in (_ACTIVE, _STACK)}
        looked_at |= {(self._front, self._atoms[name]) for name in (_STATE, _TYPE)}
        with _gone_is_ours():
            while True:
                event = self._connection.wait_for_event()
                is_of_property = isinstance(event, xcffib.xproto.PropertyNotifyEvent)
                if is_of_property and (event.window, event.atom) in looked_at:
                    return

    def interrupt(self) -> None:
        """Make a call that blocks in another thread raise `LineGoneError`."""
        with contextlib.suppress(OSError, xcffib.XcffibException):
            descriptor = os.dup(self._connection.get_file_descriptor())
            with socket.socket(fileno=descriptor) as line:
                line.shutdown(socket.SHUT_RDWR)

    def disconnect(self) -> None:
        """Give the connection back; the display is of no use afterwards."""
        self._connection.disconnect()

    def _follow_front(self) -> None:
        """Find out which window is in front, and listen to that one's changes alone."""
        front = self._front_window()
        if front == self._front:
            return
        if self._front != _NO_WINDOW:
            self._listen(self._front, to_properties=False)
        self._front = front
        if front != _NO_WINDOW:
            # Listening begins before the states are read, so that no change falls between.
            self._listen(front, to_properties=True)

    def _front_window(self) -> int:
        """Return the active window, or where none is, the topmost.

        Once a dialogue has closed, some window managers leave the film behind it inactive.
        """
        active = next(iter(self._words(self._root, _ACTIVE)), _NO_WINDOW)
        if active not in (_NO_WINDOW, self._root):
            return active
        stack = self._words(self._root, _STACK, _MAX_WINDOWS)
        for window in stack[: -_MAX_PANELS - 1 : -1]:
            if window not in (_NO_WINDOW, self._root) and not self._is_furniture(window):
                return window
        return _NO_WINDOW

    def _is_furniture(self, window: int) -> bool:
        """Whether a window is the desktop's own: its background, or a panel."""
        kinds = self._words(window, _TYPE)
        return self._atoms[_DESKTOP] in kinds or self._atoms[_DOCK] in kinds

    def _listen(self, window: int, *, to_properties: bool) -> None:
        mask = xcffib.xproto.EventMask.PropertyChange if to_properties else 0
        request = self._core.ChangeWindowAttributesChecked(
            window, xcffib.xproto.CW.EventMask, [mask]
        )
        with contextlib.suppress(xcffib.Error):  # the window has gone meanwhile
            request.check()

    def _words(self, window: int, name: str, most: int = _MAX_WORDS) -> tuple[int, ...]:
        """Return the numbers that a property holds; none where it or its window is not there."""
        value = self._property(window, self._atoms[name], most)
        whole = len(value) - len(value) % _WORD.size
        return tuple(int(word) for (word,) in _WORD.iter_unpack(value[:whole]))

    def _program(self, window: int) -> str:
        """Return the second word of WM_CLASS, the program's own name for its kind of window."""
        words = self._property(window, xcffib.xproto.Atom.WM_CLASS).split(b"\0")
        return plain(words[1 if len(words) > 1 else 0].decode(errors="replace"))

    def _property(self, window: int, atom: int, most: int = _MAX_WORDS) -> bytes:
        anything = xcffib.xproto.GetPropertyType.Any
        cookie = self._core.GetProperty(
            delete=False,
            window=window,
            property=atom,
            type=anything,
            long_offset=0,
            long_length=most,
        )
        try:
            return bytes(cookie.reply().value.buf())
        except xcffib.Error:  # the window has gone meanwhile
            return b""

    def _atom(self, name: str) -> int:
        return int(
            self._core.InternAtom(only_if_exists=False, name_len=len(name), name=name).reply().atom
        )


@contextlib.contextmanager
def _gone_is_ours() -> Iterator[None]:
    try:
        yield
    except (xcffib.XcffibException, xcffib.Error) as error:
        raise LineGoneError from error
