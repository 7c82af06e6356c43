"""What a task sends through its tunnel first: a TLS client's hello."""

from __future__ import annotations

import contextlib
import ssl

from gridle.worker.sandbox.net_hello import MAX_HELLO_BYTES, NotThisHostError, calls
from tests.fuzz.bounds import bounded
from tests.rigs.net_inside import hello

_HOST = "api.example.org"
_REAL = hello(_HOST)
_SPLIT = b"".join(
    b"\x16\3\1" + len(piece).to_bytes(2, "big") + piece
    for piece in (_REAL[5:9], _REAL[9:200], _REAL[200:])
)
SEEDS = (_REAL, _SPLIT, hello("other.example.org"))
TOKENS = (
    b"\x16\3\1", b"\0\0", b"\xff\xff", b"\xfe\x0d", _HOST.encode(), b"\1\0\0\0", b"\0\1",
    b"\x17\3\3", b"\0\0\0\x14\0\x12\0\0\x0f" + _HOST.encode(), b".",
)  # fmt: skip


def one_input(data: bytes) -> None:
    """Its answer comes once, is the same however the bytes arrive, and names the one host."""
    data = data[: 2 * MAX_HELLO_BYTES]
    with bounded(data):
        whole = _answer(data)
    if whole:
        assert _answer(data + b"\x17\3\3\0\1!") is True
        assert _named_to_openssl(data) in ([_HOST], [])
    step = max(1, len(data) // 16)
    decided: bool | None = False
    with bounded(data):
        for end in range(0, len(data), step):
            decided = _answer(data[:end])
            if decided is not False:
                break
    if decided is True:
        assert whole is True
    if decided is None:
        assert whole is None


def _answer(data: bytes) -> bool | None:
    """Whether it calls the host; None: it never will."""
    try:
        return calls(data, _HOST)
    except NotThisHostError:
        return None


def _named_to_openssl(data: bytes) -> list[str]:
    """Return the host that another reader of the same bytes would answer for; none if it balks."""
    named: list[str] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _socket, name, _context: named.append(
        (name or "").lower().removesuffix(".")
    )
    incoming = ssl.MemoryBIO()
    incoming.write(data)
    with contextlib.suppress(ssl.SSLError):  # it wants more, or has no certificate
        context.wrap_bio(incoming, ssl.MemoryBIO(), server_side=True).do_handshake()
    return named
