"""Connections to whom a stranger named: the address that is judged is the one that is spoken to."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from ssl import SSLContext
from urllib.parse import SplitResult

from urllib3.connection import HTTPConnection, HTTPSConnection, ProxyConfig
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from gridle.worker.images.addresses import Place, Resolve, reachable, resolve
from gridle.worker.sources.connections import proxy_credentials, proxy_of, trusting

FAULTS = (OSError, HTTPException, HTTPError)
"""How talking to somebody fails."""
HEAD_S = 30.0
"""From the first packet of an exchange to the end of the answer's head."""
_CONNECT_S = 5.0
_READ_S = 20.0
_MOST_ADDRESSES = 3
_PUBLIC_NAME = re.compile(r"([a-z0-9-]+\.)+[a-z][a-z0-9-]*")
"""Not `127.1`, which is an address to some, and not a bare name, which is one of a home."""


class Connecting:
    """Connects to places over HTTPS, or HTTP on this machine.

    `near`: the owner's own network is allowed too. Where this system sets a proxy, full names are
    the proxy's to resolve, and whatever else is named is judged as without one.
    """

    def __init__(self, *, near: bool, resolve: Resolve = resolve) -> None:
        self._near = near
        self._resolve = resolve
        self._context: SSLContext | None = None

    def open(self, place: Place) -> HTTPConnection:
        """Connect.

        Raises:
            PlaceError: it may not be gone to.
            OSError, HTTPException, HTTPError: nobody is there (`FAULTS`).
        """
        proxy = proxy_of(place.url) if place.scheme == "https" else None
        if proxy is None or not _PUBLIC_NAME.fullmatch(place.host):
            found = self._resolve(place.host, place.port)
            addresses = reachable(place, found, near=self._near)
            if proxy is None:
                return _first([self._direct(place, each) for each in addresses[:_MOST_ADDRESSES]])
        return _connected(self._through(proxy, place))

    def _direct(self, place: Place, address: str) -> HTTPConnection:
        if place.scheme == "http":
            return HTTPConnection(address, place.port, timeout=_CONNECT_S)
        return HTTPSConnection(
            address,
            place.port,
            timeout=_CONNECT_S,
            ssl_context=self._trust(),
            server_hostname=place.host,  # to whom the certificate must belong
        )

    def _through(self, proxy: SplitResult, place: Place) -> HTTPConnection:
        connection = HTTPSConnection(
            proxy.hostname or "",
            proxy.port or (443 if proxy.scheme == "https" else 80),
            timeout=_CONNECT_S,
            ssl_context=self._trust(),
            proxy=parse_url(proxy.geturl()),
            proxy_config=ProxyConfig(
                ssl_context=self._trust(),
                use_forwarding_for_https=False,
                assert_hostname=None,
                assert_fingerprint=None,
            ),
        )
        headers = proxy_credentials(proxy)
        connection.set_tunnel(place.host, place.port, headers, scheme=proxy.scheme)
        return connection

    def _trust(self) -> SSLContext:
        if self._context is None:
            self._context = trusting()
        return self._context


def _first(ways: list[HTTPConnection]) -> HTTPConnection:
    """Return the first that connects."""
    for connection in ways[:-1]:
        try:
            return _connected(connection)
        except FAULTS:
            connection.close()
    return _connected(ways[-1])


def _connected(connection: HTTPConnection) -> HTTPConnection:
    try:
        with cut_after(HEAD_S, connection):
            connection.connect()
    except BaseException:
        connection.close()
        raise
    connection.timeout = _READ_S
    return connection


@contextmanager
def cut_after(limit_s: float, connection: HTTPConnection) -> Iterator[None]:
    """End the block's reads after a time: a socket's own timeout begins anew with each byte.

    Raises:
        TimeoutError: the time was up.
    """
    is_up = threading.Event()

    def cut() -> None:
        is_up.set()
        if connection.sock is not None:
            with suppress(OSError):  # closed already
                # That of an SSLSocket would first forget its TLS, under the eyes of its reader.
                socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    timer = threading.Timer(limit_s, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if is_up.is_set():  # what was read may have been taken for whole
        raise TimeoutError
