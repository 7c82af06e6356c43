"""What a task asks of its proxy: one request head, read strictly, and what is sent on. Pure.

HTTP/1.1 (RFC 9110, RFC 9112). Two forms alone: `CONNECT host:443` for TLS, and `GET http://host/`
on port 80. Whatever two readers could read in two ways is refused, not repaired.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from gridle.worker.sandbox.net_policy import public_name

PROXY_ADDRESS = "127.0.0.1"
"""Where it listens, in the task's own network namespace."""
PROXY_PORT = 3128
MAX_HEAD_BYTES = 16384
MAX_BODY_BYTES = 2**40
HTTP_PORT = 80
TLS_PORT = 443
_MAX_FIELDS = 100
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}"
_START = re.compile(rb"(" + _TOKEN + rb") ([\x21-\x7e]+) HTTP/1\.([01])")
_FIELD = re.compile(rb"(" + _TOKEN + rb"):([\x20-\x7e\x80-\xff\t]*)")
_ABSOLUTE = re.compile(rb"http://([^/?#@\[\]:]+)(?::80)?(/[^#]*|\?[^#]*)?", re.IGNORECASE)
_HOP_BY_HOP = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization",
        b"proxy-authenticate", b"te", b"trailer", b"upgrade", b"http2-settings", b"expect",
        b"host",  # written anew from the target
        b"via", b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip",
    }
)  # fmt: skip


class RefusedRequestError(Exception):
    """A request that the proxy does not serve: the status to answer, and why in a few words."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class Request:
    """What a task may have: a connection to `host` at `port`."""

    host: str
    port: int
    head: bytes = b""
    """To be sent on; empty for a tunnel, of which every byte belongs to the task."""
    body_bytes: int | None = None
    """How much the task may send after the head; None: a tunnel, no end."""

    @property
    def is_tunnel(self) -> bool:
        """Whether it was a CONNECT, which is answered by the proxy itself."""
        return self.body_bytes is None


def read_request(untrusted_head: bytes, allowed: AbstractSet[str]) -> Request:
    """Read a head, up to and with its empty line.

    Raises:
        RefusedRequestError: it is malformed, ambiguous, or asks for what is not allowed.
    """
    start, fields = _lines(untrusted_head)
    method, target, minor = start
    if method == b"CONNECT":
        if _values(fields, b"transfer-encoding") or _values(fields, b"content-length"):
            raise RefusedRequestError(400, "a tunnel has no body")
        return Request(_tunnel_host(target, allowed), TLS_PORT)
    if method == b"TRACE":
        raise RefusedRequestError(405, "TRACE is not served")
    absolute = _ABSOLUTE.fullmatch(target)
    if not absolute:
        raise RefusedRequestError(400, "only http:// on port 80, and CONNECT to port 443")
    host = _allowed(absolute[1], allowed)
    if minor == b"1" and len(_values(fields, b"host")) != 1:
        raise RefusedRequestError(400, "one Host field is needed")
    path = absolute[2] or b"/"
    if path.startswith(b"?"):
        path = b"/" + path
    head = _head_onward(method, path, host, fields)
    return Request(host, HTTP_PORT, head, _body_bytes(fields))


def _lines(head: bytes) -> tuple[tuple[bytes, bytes, bytes], list[tuple[bytes, bytes]]]:
    """Split strictly: CRLF alone ends a line, and a field stands in one line."""
    if not head.endswith(b"\r\n\r\n"):
        raise RefusedRequestError(400, "the head has no end")
    first, *rest = head[:-4].split(b"\r\n")
    start = _START.fullmatch(first)
    if not start:
        raise RefusedRequestError(400, "malformed request line")
    if len(rest) > _MAX_FIELDS:
        raise RefusedRequestError(431, "too many fields")
    fields = []
    for line in rest:
        field = _FIELD.fullmatch(line)  # bare CR or LF, folding, space before the colon: no match
        if not field:
            raise RefusedRequestError(400, "malformed field")
        fields.append((field[1], field[2].strip(b" \t")))
    return (start[1], start[2], start[3]), fields


def _tunnel_host(target: bytes, allowed: AbstractSet[str]) -> str:
    host, colon, port = target.rpartition(b":")
    if not colon or port != b"443":
        raise RefusedRequestError(403, "tunnels go to port 443 alone")
    return _allowed(host, allowed)


def _allowed(untrusted_host: bytes, allowed: AbstractSet[str]) -> str:
    name = public_name(untrusted_host.decode("latin-1"))
    if name is None or name not in allowed:
        raise RefusedRequestError(403, "this host is not in the task's manifest")
    return name


def _values(fields: list[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for each, value in fields if each.lower() == name]


def _body_bytes(fields: list[tuple[bytes, bytes]]) -> int:
    if _values(fields, b"transfer-encoding"):
        raise RefusedRequestError(411, "a request's body needs its Content-Length")
    lengths = _values(fields, b"content-length")
    if not lengths:
        return 0
    if len(lengths) > 1 or not re.fullmatch(rb"[0-9]{1,13}", lengths[0]):
        raise RefusedRequestError(400, "malformed Content-Length")
    length = int(lengths[0])
    if length > MAX_BODY_BYTES:
        raise RefusedRequestError(413, "the body is too long")
    return length


def _head_onward(method: bytes, path: bytes, host: str, fields: list[tuple[bytes, bytes]]) -> bytes:
    """Write the head anew: this connection carries one request, and names no proxy or task."""
    named = b",".join(_values(fields, b"connection")).lower().split(b",")
    dropped = _HOP_BY_HOP | {name.strip(b" \t") for name in named} - {b"content-length"}
    kept = [name + b": " + value for name, value in fields if name.lower() not in dropped]
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: " + host.encode("ascii"), *kept]
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])
