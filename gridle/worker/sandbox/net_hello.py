"""Whom a TLS client says that it calls: the server name in its first message. Pure.

TLS 1.2 and 1.3 (RFC 8446, RFC 6066). Many sites share one address with others; what a tunnel's
first message names decides which of them answers, so it must be the host that the manifest names.
"""

from __future__ import annotations

MAX_HELLO_BYTES = 16384
_RECORD_HEADER_BYTES = 5
_HANDSHAKE = 22
_CLIENT_HELLO = 1
_HELLO_HEADER_BYTES = 4
_VERSION_AND_RANDOM_BYTES = 34
_SERVER_NAME = 0
_HOST_NAME = 0
_ENCRYPTED_HELLO = 0xFE0D
"""Encrypted Client Hello (RFC 9849): a second, hidden name."""


class NotThisHostError(Exception):
    """It is no TLS client's first message, or it calls another host."""


def calls(untrusted_bytes: bytes, host: str) -> bool:
    """Whether the message is complete and calls `host`; False while more of it must come.

    Raises:
        NotThisHostError: whatever comes, it never will.
    """
    message = _message(untrusted_bytes)
    if message is None:
        return False
    try:
        names = _names(_Reader(message[_HELLO_HEADER_BYTES:]))
    except IndexError:
        raise NotThisHostError from None
    if names != [host.encode("ascii")]:
        raise NotThisHostError
    return True


class _Reader:
    """Takes numbers and pieces off the front; IndexError where there is not so much."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def piece(self, length: int) -> bytes:
        if length > len(self.data):
            raise IndexError
        piece, self.data = self.data[:length], self.data[length:]
        return piece

    def number(self, length: int) -> int:
        return int.from_bytes(self.piece(length), "big")

    def vector(self, length_bytes: int) -> bytes:
        return self.piece(self.number(length_bytes))


def _message(untrusted_bytes: bytes) -> bytes | None:
    """Join the message out of its records; None while it is not complete."""
    at, joined = 0, b""
    while at + _RECORD_HEADER_BYTES <= len(untrusted_bytes):
        kind, major = untrusted_bytes[at], untrusted_bytes[at + 1]
        length = int.from_bytes(untrusted_bytes[at + 3 : at + 5], "big")
        if kind != _HANDSHAKE or major != 3 or not 0 < length <= MAX_HELLO_BYTES:  # noqa: PLR2004 - TLS
            raise NotThisHostError
        at += _RECORD_HEADER_BYTES
        joined += untrusted_bytes[at : at + length]
        at += length
        if joined and joined[0] != _CLIENT_HELLO:
            raise NotThisHostError
        if len(joined) >= _HELLO_HEADER_BYTES:
            whole = _HELLO_HEADER_BYTES + int.from_bytes(joined[1:4], "big")
            if len(joined) >= whole:
                return joined[:whole]
    if len(untrusted_bytes) >= MAX_HELLO_BYTES or untrusted_bytes[:1] not in (b"", b"\x16"):
        raise NotThisHostError
    return None


def _names(hello: _Reader) -> list[bytes]:
    """Return all host names in it; more than one, or a hidden one, is nobody's."""
    hello.piece(_VERSION_AND_RANDOM_BYTES)
    hello.vector(1)  # session
    hello.vector(2)  # ciphers
    hello.vector(1)  # compression
    extensions = _Reader(hello.vector(2))
    names: list[bytes] = []
    while extensions.data:
        kind, body = extensions.number(2), extensions.vector(2)
        if kind == _ENCRYPTED_HELLO:
            raise NotThisHostError
        if kind == _SERVER_NAME:
            listed = _Reader(_Reader(body).vector(2))
            while listed.data:
                if listed.number(1) != _HOST_NAME:
                    raise NotThisHostError
                names.append(listed.vector(2).lower().removesuffix(b"."))
    return names
