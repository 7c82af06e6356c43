from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox.net_hello import MAX_HELLO_BYTES, NotThisHostError, calls
from tests.rigs.net_inside import hello

HOST = "api.example.org"
REAL = hello(HOST)
"""Of a real client, in one record."""
MESSAGE = REAL[5:]


def record(content: bytes, kind: int = 22) -> bytes:
    return bytes([kind, 3, 1]) + len(content).to_bytes(2, "big") + content


def message(*extensions: tuple[int, bytes]) -> bytes:
    listed = b"".join(
        kind.to_bytes(2, "big") + len(body).to_bytes(2, "big") + body for kind, body in extensions
    )
    body = bytes(34) + b"\0" + b"\0\2\x13\1" + b"\1\0" + len(listed).to_bytes(2, "big") + listed
    return record(b"\1" + len(body).to_bytes(3, "big") + body)


def names(*found: bytes) -> tuple[int, bytes]:
    listed = b"".join(b"\0" + len(each).to_bytes(2, "big") + each for each in found)
    return 0, len(listed).to_bytes(2, "big") + listed


def test_a_real_client_calls_its_host() -> None:
    assert calls(REAL, HOST)
    assert calls(hello("API.example.ORG"), HOST)
    assert calls(message(names(b"api.example.org")), HOST)


@pytest.mark.parametrize("cut", [0, 1, 5, 6, 9, 100, len(REAL) - 1])
def test_an_unfinished_message_is_waited_for(cut: int) -> None:
    assert not calls(REAL[:cut], HOST)


@given(st.lists(st.integers(1, len(MESSAGE) - 1), max_size=5, unique=True))
def test_a_message_in_many_records_is_one(cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(MESSAGE)]
    pieces = [MESSAGE[a:b] for a, b in pairwise(ends)]
    assert calls(b"".join(map(record, pieces)), HOST)


@pytest.mark.parametrize(
    "first",
    [
        hello("other.example.org"),
        hello("127.0.0.1"),  # real clients name no address
        message(),
        message(names()),
        message(names(b"api.example.org", b"other.example.org")),
        message(names(b"other.example.org"), names(b"api.example.org")),
        message(names(b"api.example.org"), (0xFE0D, b"hidden")),
        message((0, b"\0\4\1\0\1a")),
        message((0, b"\0\xff\0")),
        message((0, b"")),
        record(b"\2\0\0\0"),
        record(MESSAGE, kind=23),
        record(b""),
        b"SSH-2.0-OpenSSH\r\n",
        b"GET / HTTP/1.1\r\n",
        b"\x80\x2e\x01\x03\x01",  # SSL 2
        b"G",
        REAL[:-1].replace(b"api", b"ape") + REAL[-1:],
        record(b"\1\xff\xff\xff" + bytes(16000)) + record(bytes(1000)),
    ],
)
def test_whoever_calls_another_is_told_apart(first: bytes) -> None:
    with pytest.raises(NotThisHostError):
        calls(first, HOST)


@given(
    st.binary(max_size=200)
    | st.binary(max_size=60).map(record)
    | st.binary(max_size=60).map(lambda body: record(b"\1" + len(body).to_bytes(3, "big") + body))
)
def test_bytes_of_any_kind_are_judged(first: bytes) -> None:
    try:
        assert not calls(first, HOST)
    except NotThisHostError:
        return
    assert len(first) < MAX_HELLO_BYTES


@given(st.data())
def test_no_changed_byte_brings_another_name_in(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(REAL) - 1))
    changed = REAL[:at] + data.draw(st.binary(min_size=1, max_size=1)) + REAL[at + 1 :]
    try:
        called = calls(changed, HOST)
    except NotThisHostError:
        return
    assert not called or HOST.encode() in changed.lower()
