"""Talks to a task's proxy as its task would: from inside the namespace."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor

from gridle.worker.sandbox.net_request import PROXY_ADDRESS, PROXY_PORT

_CLONE_NEWNET = 0x40000000


def enter(space: str, address: str = PROXY_ADDRESS, port: int = PROXY_PORT) -> socket.socket:
    """Return a connection made inside `space`; this thread stays where it is."""

    def work() -> socket.socket:
        libc = ctypes.CDLL(None, use_errno=True)
        descriptor = os.open(space, os.O_RDONLY)
        try:
            if libc.setns(descriptor, _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        finally:
            os.close(descriptor)
        return socket.create_connection((address, port), timeout=30)

    with ThreadPoolExecutor(1) as once:  # its thread goes with the namespace that it entered
        return once.submit(work).result()


def ask(space: str, said: bytes) -> bytes:
    """Say something to the proxy, and return all that it answers until it ends."""
    with enter(space) as line:
        with contextlib.suppress(ConnectionError):  # it may have enough before everything is said
            line.sendall(said)
        return hear(line)


def hear(line: socket.socket) -> bytes:
    """Return all that comes until the end."""
    heard = b""
    with contextlib.suppress(ConnectionError):
        while piece := line.recv(65536):
            heard += piece
    return heard


def get(host: str, path: str = "/") -> bytes:
    """Return a request as a client sends it to a proxy."""
    return f"GET http://{host}{path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def hello(name: str) -> bytes:
    """Return the first message of a real TLS client that calls a host."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def connect(target: str) -> bytes:
    """Return the request for a tunnel."""
    return f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode()
