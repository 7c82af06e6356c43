"""The proxy's bounds, over loopback, with servers in place of the internet."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from gridle.worker.sandbox.net_proxy import Bounds, Proxy
from gridle.worker.sandbox.net_request import RefusedRequestError
from gridle.worker.sandbox.net_traffic import Traffic
from tests.rigs.net_inside import connect, get, hear, hello

HOST = "api.example.org"
HELLO = hello(HOST)
TUNNEL = connect(f"{HOST}:443") + HELLO
DEADLINE_S = 30.0


class Rig:
    """A proxy whose every dial reaches this process's own server socket."""

    def __init__(self, stack: ExitStack, bounds: Bounds, traffic: Traffic) -> None:
        self._stack = stack
        self.server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.server.settimeout(DEADLINE_S)
        listener = socket.create_server(("127.0.0.1", 0))
        self.address = listener.getsockname()
        self.dialled: list[tuple[str, int]] = []
        self.proxy = Proxy(listener, frozenset({HOST}), traffic, self._dial, bounds=bounds)
        thread = threading.Thread(target=self.proxy.serve)
        thread.start()
        stack.callback(thread.join, DEADLINE_S)
        stack.callback(self.proxy.close)

    def client(self, said: bytes = b"") -> socket.socket:
        line = self._stack.enter_context(socket.create_connection(self.address, DEADLINE_S))
        line.sendall(said)
        return line

    def accept(self) -> socket.socket:
        line = self._stack.enter_context(self.server.accept()[0])
        line.settimeout(DEADLINE_S)
        return line

    def _dial(self, host: str, port: int) -> socket.socket:
        self.dialled.append((host, port))
        if port == 80 and len(self.dialled) > 50:
            raise RefusedRequestError(504, "this host does not answer")
        return socket.create_connection(self.server.getsockname())


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


def test_bodies_pass_whole_and_nothing_behind_them(stack: ExitStack) -> None:
    rig = Rig(stack, Bounds(), Traffic(2**30))
    body = b"0123456789" * 100_000
    head = f"PUT http://{HOST}/x HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(body)}\r\n\r\n"
    client = rig.client()
    threading.Thread(
        target=client.sendall, args=(head.encode() + body + get("other.example.org"),), daemon=True
    ).start()
    server = rig.accept()
    got = b""
    while not got.endswith(body):
        got += server.recv(65536)
    server.settimeout(0.2)
    with pytest.raises(TimeoutError):
        server.recv(1)
    server.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
    server.close()
    assert hear(client) == b"HTTP/1.1 204 No Content\r\n\r\n"
    assert rig.dialled == [(HOST, 80)]


def test_silence_ends_a_tunnel(stack: ExitStack) -> None:
    rig = Rig(stack, Bounds(idle_s=0.2), Traffic(2**30))
    client = rig.client(TUNNEL)
    server = rig.accept()
    assert hear(client) == b"HTTP/1.1 200 Connection established\r\n\r\n"
    assert hear(server) == HELLO


def test_a_download_is_no_silence(stack: ExitStack) -> None:
    """The task says nothing for longer than it may; its server does."""
    rig = Rig(stack, Bounds(idle_s=2.0), Traffic(2**30))
    client = rig.client(TUNNEL)
    server = rig.accept()
    for _ in range(30):
        server.sendall(b"x")
        threading.Event().wait(0.1)
    server.close()
    assert hear(client).endswith(b"x" * 30)


def test_silence_that_the_owner_wants_is_borne(stack: ExitStack) -> None:
    traffic = Traffic(2**30)
    traffic.limit(0, 0)
    rig = Rig(stack, Bounds(idle_s=0.1), traffic)
    client = rig.client(TUNNEL)
    server = rig.accept()
    server.sendall(b"late")
    threading.Event().wait(0.5)
    traffic.limit(None, None)
    server.shutdown(socket.SHUT_WR)
    assert hear(client).endswith(b"late")


def test_no_connection_lives_for_ever(stack: ExitStack) -> None:
    rig = Rig(stack, Bounds(idle_s=0.1, life_s=0.5), Traffic(2**30))
    client = rig.client(TUNNEL)
    server = rig.accept()
    for _ in range(100):
        with contextlib.suppress(OSError):  # broken or reset, by when it is noticed
            server.sendall(b"x")
        threading.Event().wait(0.02)
    assert hear(server) == HELLO
    assert hear(client).startswith(b"HTTP/1.1 200 ")


def test_a_slow_head_and_an_endless_one(stack: ExitStack) -> None:
    rig = Rig(stack, Bounds(head_s=0.3), Traffic(2**30))
    assert hear(rig.client(b"GET http://")).startswith(b"HTTP/1.1 408 ")
    long = rig.client(get(HOST)[:-2] + b"X: " + b"y" * 16384)
    assert hear(long).startswith(b"HTTP/1.1 431 ")
    assert rig.dialled == []


def test_more_connections_than_allowed_wait(stack: ExitStack) -> None:
    rig = Rig(stack, Bounds(connections=2), Traffic(2**30))
    first, _ = rig.client(TUNNEL), rig.client(TUNNEL)
    servers = [rig.accept(), rig.accept()]
    third = rig.client(TUNNEL)
    third.settimeout(0.3)
    with pytest.raises(TimeoutError):
        third.recv(1)
    for line in (first, *servers):
        line.close()
    third.settimeout(DEADLINE_S)
    assert third.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_a_dead_host_is_said(stack: ExitStack) -> None:
    rig = Rig(stack, Bounds(), Traffic(2**30))
    rig.dialled.extend([("", 0)] * 50)
    assert hear(rig.client(get(HOST))).startswith(b"HTTP/1.1 504 ")


@pytest.mark.parametrize("said", [b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"\r\n\r\n", b"\0" * 100])
def test_what_is_not_http_is_refused(stack: ExitStack, said: bytes) -> None:
    client = Rig(stack, Bounds(head_s=0.3), Traffic(2**30)).client(said)
    assert hear(client)[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 408")
