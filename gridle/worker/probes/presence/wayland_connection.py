"""One connection to a Wayland compositor: what it offers, objects, and their events."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gridle.worker.probes.presence.reconnecting import LineGoneError
from gridle.worker.probes.presence.wayland_wire import (
    Arguments,
    Message,
    MessageStream,
    WireError,
    request,
    string,
    uint,
)

Handler = Callable[[int, Arguments], None]
"""Takes an event of one object: its opcode and its arguments."""

_DISPLAY, _REGISTRY, _FIRST_FREE_ID = 1, 2, 3
_SERVER_IDS_FROM = 0xFF000000
_SYNC, _GET_REGISTRY = 0, 1
_BIND = 0
_DISPLAY_ERROR = 0
_GLOBAL, _GLOBAL_REMOVE = 0, 1
_MAX_GLOBALS = 2048
_MAX_OBJECTS = 4096
_CONNECT_TIMEOUT_S = 5.0
_RECEIVE_BYTES = 16384


@dataclass(frozen=True)
class Global:
    """Something that the compositor offers."""

    name: int
    interface: str
    version: int


class WaylandConnection:
    """A connection; every method raises `LineGoneError` once the compositor has gone.

    Only one thread may use it, but for `interrupt`. What the compositor sends is not trusted: a
    message out of form, or more objects than any desktop has, ends the connection.
    """

    def __init__(self, path: Path) -> None:
        self.globals: dict[int, Global] = {}
        self.on_global: Callable[[Global], None] = lambda _: None
        self.on_global_remove: Callable[[Global], None] = lambda _: None
        self._stream = MessageStream()
        self._next_id = _FIRST_FREE_ID
        self._handlers: dict[int, Handler] = {
            _DISPLAY: self._on_display,
            _REGISTRY: self._on_registry,
        }
        self._socket = _connected(path)
        try:
            self.send(_DISPLAY, _GET_REGISTRY, uint(_REGISTRY))
        except LineGoneError:
            self.disconnect()
            raise

    def send(self, object_id: int, opcode: int, *arguments: bytes) -> None:
        """Send a request."""
        try:
            self._socket.sendall(request(object_id, opcode, *arguments))
        except OSError as error:
            raise LineGoneError from error

    def new_object(self, handler: Handler | None = None) -> int:
        """Return the id of a new object of ours, whose events go to `handler`.

        An id is never used twice: what is still on its way to a dropped object goes nowhere.
        """
        made = self._next_id
        self._next_id += 1
        if handler is not None:
            self._keep(made, handler)
        return made

    def adopt(self, untrusted_id: int, handler: Handler) -> None:
        """Take on an object that the compositor made; its events go to `handler`."""
        if untrusted_id < _SERVER_IDS_FROM:
            raise LineGoneError
        self._keep(untrusted_id, handler)

    def forget(self, object_id: int) -> None:
        """Let no event of this object through any more."""
        self._handlers.pop(object_id, None)

    def bind(self, offered: Global, version: int, handler: Handler | None = None) -> int:
        """Return a new object for something that is offered, in this version."""
        made = self.new_object(handler)
        name = uint(offered.name)
        self.send(_REGISTRY, _BIND, name, string(offered.interface), uint(version), uint(made))
        return made

    def round_trip(self) -> None:
        """Wait until the compositor has answered all that was asked."""
        answers: list[int] = []
        callback = self.new_object(lambda opcode, _: answers.append(opcode))
        self.send(_DISPLAY, _SYNC, uint(callback))
        while not answers:
            self.dispatch()
        self.forget(callback)

    def dispatch(self) -> None:
        """Block until something comes, and hand it to those whom it concerns."""
        try:
            # Plain reading lets the kernel close any file descriptor that comes along.
            data = self._socket.recv(_RECEIVE_BYTES)
            if not data:
                raise LineGoneError
            for message in self._stream.feed(data):
                self._hand_over(message)
        except (OSError, WireError) as error:
            raise LineGoneError from error

    def interrupt(self) -> None:
        """Make a call that blocks in another thread raise `LineGoneError`."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def disconnect(self) -> None:
        """Give the connection back; it is of no use afterwards."""
        self._socket.close()

    def _hand_over(self, message: Message) -> None:
        handler = self._handlers.get(message.object_id)
        if handler is not None:
            handler(message.opcode, Arguments(message.untrusted_arguments))

    def _keep(self, object_id: int, handler: Handler) -> None:
        if object_id in self._handlers or len(self._handlers) >= _MAX_OBJECTS:
            raise LineGoneError
        self._handlers[object_id] = handler

    def _on_display(self, opcode: int, _: Arguments) -> None:
        if opcode == _DISPLAY_ERROR:  # the compositor closes the line after an error
            raise LineGoneError

    def _on_registry(self, opcode: int, untrusted: Arguments) -> None:
        if opcode == _GLOBAL:
            found = Global(untrusted.uint(), untrusted.string(), untrusted.uint())
            if len(self.globals) >= _MAX_GLOBALS or found.name in self.globals:
                raise LineGoneError
            self.globals[found.name] = found
            self.on_global(found)
        elif opcode == _GLOBAL_REMOVE:
            gone = self.globals.pop(untrusted.uint(), None)
            if gone is not None:
                self.on_global_remove(gone)


def socket_path(display_name: str, environment: Mapping[str, str]) -> Path:
    """Return where a compositor listens: `WAYLAND_DISPLAY` may be a name or a whole path.

    Raises:
        LineGoneError: a mere name, and no `XDG_RUNTIME_DIR` to look for it.
    """
    folder = environment.get("XDG_RUNTIME_DIR", "")
    if not Path(display_name).is_absolute() and not Path(folder).is_absolute():
        raise LineGoneError
    return Path(folder) / display_name


def connect_to(display_name: str) -> WaylandConnection:
    """Connect to the compositor of this name, in this program's environment."""
    return WaylandConnection(socket_path(display_name, os.environ))


def _connected(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(_CONNECT_TIMEOUT_S)
        line.connect(os.fspath(path))
        line.settimeout(None)
    except (OSError, ValueError) as error:  # a path too long, or with a zero in it
        line.close()
        raise LineGoneError from error
    return line
