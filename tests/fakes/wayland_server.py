"""A Wayland server without a screen that says what a test tells it to. A fake: no compositor.

It is for what no compositor at hand does: the second version of a protocol, seats that come and
go, and nonsense.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gridle.worker.probes.presence.wayland_wire import (
    Arguments,
    Message,
    MessageStream,
    request,
    string,
    uint,
)
from tests.rigs.calls import until

_DISPLAY = 1
_SYNC, _GET_REGISTRY = 0, 1
_DELETE_ID = 1


@dataclass(frozen=True)
class Bound:
    """What a client bound."""

    name: int
    interface: str
    version: int
    object_id: int


class FakeWaylandServer:
    """Serves one client at a time."""

    def __init__(self, path: Path, offered: dict[int, tuple[str, int]]) -> None:
        self.path = path
        self.bound: list[Bound] = []
        self.requests: list[Message] = []
        """What was asked of objects other than the display and the registry."""
        self.clients = 0
        self._offered = offered
        self._registry = 0
        self._client: socket.socket | None = None
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def offer(self, name: int, interface: str, version: int) -> None:
        self._offered[name] = (interface, version)
        self._announce(name)

    def withdraw(self, name: int) -> None:
        del self._offered[name]
        self.event(self._registry, 1, uint(name))

    def event(self, object_id: int, opcode: int, *arguments: bytes) -> None:
        self.raw(request(object_id, opcode, *arguments))

    def raw(self, data: bytes) -> None:
        assert self._client is not None
        self._client.sendall(data)

    def asked(self, opcode: int, count: int = 1) -> list[Message]:
        """Return the requests with this opcode, once there are so many."""

        def found() -> list[Message]:
            return [each for each in self.requests if each.opcode == opcode]

        until(lambda: len(found()) >= count)
        return found()

    def close(self) -> None:
        for each in (self._client, self._listener):
            with contextlib.suppress(OSError):
                if each is not None:
                    each.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with client:
                    self._client, self._registry = client, 0
                    self.clients += 1
                    self._serve_client(client)

    def _serve_client(self, client: socket.socket) -> None:
        stream = MessageStream()
        with contextlib.suppress(OSError):
            while data := client.recv(4096):
                for message in stream.feed(data):
                    self._answer(message)

    def _answer(self, message: Message) -> None:
        arguments = Arguments(message.untrusted_arguments)
        if message.object_id == _DISPLAY and message.opcode == _SYNC:
            callback = arguments.uint()
            self.event(callback, 0, uint(0))
            self.event(_DISPLAY, _DELETE_ID, uint(callback))
        elif message.object_id == _DISPLAY and message.opcode == _GET_REGISTRY:
            self._registry = arguments.uint()
            for name in self._offered:
                self._announce(name)
        elif message.object_id == self._registry:
            self.bound.append(
                Bound(arguments.uint(), arguments.string(), arguments.uint(), arguments.uint())
            )
        else:
            self.requests.append(message)

    def _announce(self, name: int) -> None:
        interface, version = self._offered[name]
        self.event(self._registry, 0, uint(name), string(interface), uint(version))


@contextmanager
def fake_wayland(folder: Path, *interfaces: tuple[str, int]) -> Iterator[FakeWaylandServer]:
    """Serve with these interfaces and versions on offer, named 1, 2, 3 …"""
    server = FakeWaylandServer(folder / "wayland-fake", dict(enumerate(interfaces, start=1)))
    try:
        yield server
    finally:
        server.close()
