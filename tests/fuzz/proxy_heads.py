"""What a task sends to its proxy: the head of a request."""

from __future__ import annotations

from gridle.worker.sandbox.net_request import (
    HTTP_PORT,
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    TLS_PORT,
    RefusedRequestError,
    Request,
    read_request,
)
from tests.fuzz.bounds import bounded

_ALLOWED = frozenset({"data.example.org", "b.example.com"})
SEEDS = (
    b"CONNECT data.example.org:443 HTTP/1.1\r\nHost: data.example.org:443\r\n\r\n",
    b"GET http://data.example.org/a?b=c HTTP/1.1\r\nHost: data.example.org\r\nAccept: */*\r\n\r\n",
    (
        b"POST http://B.example.com. HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n"
        b"Connection: close, X-Own\r\nX-Own:  two \t words \r\n\r\n"
    ),
    b"GET http://data.example.org:80?x HTTP/1.0\r\nProxy-Authorization: Basic x\r\nTE: x\r\n\r\n",
)
TOKENS = (
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"Transfer-Encoding: chunked\r\n", b"\x85",
    b"Content-Length: 5\r\n", b"Content-Length: +5\r\n", b"Host: a\r\n", b"169.254.169.254", b"@",
    b"localhost", b"http://", b"HTTP/1.1", b"\r\n ", b"Connection: host, content-length\r\n",
    b"%2e", b" " * 1500, b"\t " * 700, b"[::1]", b"\xff", b"CONNECT ", b"#", b"\\",
)  # fmt: skip


def one_input(data: bytes) -> None:
    """What is sent on goes to an allowed host, and has one meaning."""
    head = data[:MAX_HEAD_BYTES]
    with bounded(head):
        try:
            request = read_request(head, _ALLOWED)
        except RefusedRequestError as refused:
            assert 400 <= refused.status < 500  # noqa: PT017 - not a test of its own
            assert refused.reason.isascii()  # noqa: PT017 - the same
            assert refused.reason.isprintable()  # noqa: PT017 - the same
            return
    assert request.host in _ALLOWED
    if request.is_tunnel:
        assert (request.port, request.head) == (TLS_PORT, b"")
        return
    _check_onward(request)


def _check_onward(request: Request) -> None:
    assert request.port == HTTP_PORT
    assert request.body_bytes is not None
    assert 0 <= request.body_bytes <= MAX_BODY_BYTES
    assert request.head.endswith(b"\r\n\r\n")
    start, *lines = request.head[:-4].split(b"\r\n")
    assert not any(set(b"\r\n\0") & set(line) for line in (start, *lines))
    method, path, version = start.split(b" ")
    assert method not in (b"CONNECT", b"TRACE")
    assert path.startswith((b"/", b"?"))
    assert version == b"HTTP/1.1"
    names = [line.partition(b":")[0].lower() for line in lines]
    assert names.count(b"host") == names.count(b"connection") == 1
    assert lines[0] == b"Host: " + request.host.encode()
    assert lines[-1] == b"Connection: close"
    assert not {b"transfer-encoding", b"proxy-authorization", b"upgrade", b"te"} & set(names)
    lengths = [line for line in lines if line.lower().startswith(b"content-length:")]
    assert len(lengths) <= 1
    assert (int(lengths[0].partition(b":")[2]) if lengths else 0) == request.body_bytes
