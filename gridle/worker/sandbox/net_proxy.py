"""One task's way out: an HTTP proxy that serves the task's requests and nobody else's.

Every connection has threads of its own, and carries one request. The task is hostile: heads are
limited in bytes and time, connections in number, silence and life, and everything in volume.
Imports the standard library alone: the proxy's process reads it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from gridle.worker.sandbox.net_dial import Dial
from gridle.worker.sandbox.net_hello import MAX_HELLO_BYTES, NotThisHostError, calls
from gridle.worker.sandbox.net_request import (
    MAX_HEAD_BYTES,
    RefusedRequestError,
    Request,
    read_request,
)
from gridle.worker.sandbox.net_rest import Turnstile
from gridle.worker.sandbox.net_traffic import PIECE_BYTES, Traffic, VolumeSpentError, Way

_SHORT_OF_MEANS_S = 0.1
_HEAD_END = b"\r\n\r\n"
_UNRECOGNIZED_NAME = b"\x15\x03\x03\x00\x02\x02\x70"
"""A fatal alert of TLS (RFC 6066)."""
_WORDS = {
    400: "Bad Request", 403: "Forbidden", 405: "Method Not Allowed", 408: "Request Timeout",
    411: "Length Required", 413: "Content Too Large", 431: "Request Header Fields Too Large",
    502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip


@dataclass(frozen=True)
class Bounds:
    """What a task's connections are held to."""

    connections: int = 16
    head_s: float = 10.0
    idle_s: float = 120.0
    life_s: float = 3600.0


class Proxy:
    """`allowed`: the names in the manifest, as `public_name` writes them."""

    def __init__(
        self,
        listener: socket.socket,
        allowed: AbstractSet[str],
        traffic: Traffic,
        dial: Dial,
        *,
        bounds: Bounds = Bounds(),
        rest: Callable[[], None] = lambda: None,
    ) -> None:
        self._listener = listener
        self._allowed = allowed
        self._traffic = traffic
        self._dial = dial
        self._bounds = bounds
        self._rest = rest
        self._free = threading.Semaphore(bounds.connections)
        self._closed = threading.Event()
        self._turnstile = Turnstile()

    def serve(self) -> None:
        """Serve until `close`."""
        while True:
            # beyond the limit connections wait in the kernel's short queue, and then are refused
            self._free.acquire()
            try:
                client, _ = self._listener.accept()
                self._turnstile.wait()
                self._rest()
                threading.Thread(target=self._serve_one, args=(client,), daemon=True).start()
            except (OSError, RuntimeError):  # out of memory, of files, of threads
                self._free.release()
                if self._closed.wait(_SHORT_OF_MEANS_S):
                    return

    def close(self) -> None:
        """Serve nobody any more; connections under way go on."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve_one(self, client: socket.socket) -> None:
        try:
            with client, contextlib.suppress(OSError):
                try:
                    self._carry(client)
                except RefusedRequestError as refusal:
                    _refuse(client, refusal)
        finally:
            self._free.release()

    def _carry(self, client: socket.socket) -> None:
        ends_s = time.monotonic() + self._bounds.life_s
        head, early = self._read_head(client)
        request = read_request(head, self._allowed)
        if self._traffic.is_spent():
            raise RefusedRequestError(403, "the task has used all of its network volume")
        with self._dial(request.host, request.port) as server:
            if request.is_tunnel:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                early = self._read_hello(client, request.host, early)
            for end in (client, server):
                end.settimeout(self._bounds.idle_s)
            _Passage(self._traffic, self._bounds, ends_s, self._rest).join(
                client, server, request, early
            )

    def _read_head(self, client: socket.socket) -> tuple[bytes, bytes]:
        gives_up_s = time.monotonic() + self._bounds.head_s
        got = b""
        while _HEAD_END not in got:
            if len(got) >= MAX_HEAD_BYTES:
                raise RefusedRequestError(431, "the head is too long")
            left_s = gives_up_s - time.monotonic()
            try:
                client.settimeout(max(left_s, 0.001))
                piece = client.recv(MAX_HEAD_BYTES - len(got))
            except TimeoutError:
                raise RefusedRequestError(408, "the head came too slowly") from None
            if not piece:
                raise OSError("gone")
            got += piece
            self._rest()
        head, end, early = got.partition(_HEAD_END)
        return head + end, early

    def _read_hello(self, client: socket.socket, host: str, got: bytes) -> bytes:
        """Wait until the task's TLS client has said whom it calls; nobody hears it before."""
        gives_up_s = time.monotonic() + self._bounds.head_s
        try:
            while not calls(got, host):
                client.settimeout(max(gives_up_s - time.monotonic(), 0.001))
                piece = client.recv(MAX_HELLO_BYTES - len(got))
                if not piece:
                    raise OSError("gone")
                got += piece
                self._rest()
        except NotThisHostError:
            client.sendall(_UNRECOGNIZED_NAME)
            raise OSError("another host") from None
        return got


class _Passage:
    """Both directions of one connection; either one's end of life ends the other's."""

    def __init__(
        self, traffic: Traffic, bounds: Bounds, ends_s: float, rest: Callable[[], None]
    ) -> None:
        self._traffic = traffic
        self._idle_s = bounds.idle_s
        self._ends_s = ends_s
        self._rest = rest
        self._moved_s = time.monotonic()

    def join(
        self, client: socket.socket, server: socket.socket, request: Request, early: bytes
    ) -> None:
        """Move bytes until both sides are done."""
        first = request.head + (early if request.is_tunnel else early[: request.body_bytes])
        left = None if request.body_bytes is None else request.body_bytes - len(early)
        up = threading.Thread(
            target=self._move, args=(client, server, Way.SENT, first, left), daemon=True
        )
        up.start()
        self._move(server, client, Way.RECEIVED, b"", None)
        if not request.is_tunnel:  # an answer is complete; what is left of the body is not wanted
            _end(client, server)
        up.join()

    def _move(
        self, source: socket.socket, target: socket.socket, way: Way, first: bytes, left: int | None
    ) -> None:
        """Move `first` and then all that comes, `left` bytes at most."""
        try:
            self._pass_on(target, way, first)
            while left is None or left > 0:
                piece = self._receive(
                    source, PIECE_BYTES if left is None else min(left, PIECE_BYTES)
                )
                if not piece:
                    break
                if left is not None:
                    left -= len(piece)
                self._pass_on(target, way, piece)
            if left is None:  # a complete request's sender still waits for its answer
                target.shutdown(socket.SHUT_WR)
        except (OSError, VolumeSpentError):
            _end(source, target)

    def _receive(self, source: socket.socket, most_bytes: int) -> bytes:
        while True:
            if time.monotonic() > self._ends_s:
                raise TimeoutError
            try:
                piece = source.recv(most_bytes)
            except TimeoutError:
                quiet_s = time.monotonic() - self._moved_s
                if quiet_s > self._idle_s and not self._traffic.is_held():
                    raise
                continue
            self._moved_s = time.monotonic()
            self._rest()
            return piece

    def _pass_on(self, target: socket.socket, way: Way, data: bytes) -> None:
        while data:
            granted = self._traffic.take(way, len(data))
            target.sendall(data[:granted])
            self._moved_s = time.monotonic()
            data = data[granted:]


def _end(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _refuse(client: socket.socket, refusal: RefusedRequestError) -> None:
    body = f"Gridle: {refusal.reason}\n".encode("ascii")
    head = (
        f"HTTP/1.1 {refusal.status} {_WORDS[refusal.status]}\r\nContent-Type: text/plain\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    client.settimeout(1.0)
    client.sendall(head.encode("ascii") + body)
    client.shutdown(socket.SHUT_WR)
    with contextlib.suppress(TimeoutError):  # closing with unread bytes would take the answer back
        client.recv(MAX_HEAD_BYTES)
