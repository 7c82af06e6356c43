from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.sealed_stream import (
    CHUNK_BYTES,
    MARK,
    decrypt_file,
    encrypt_file,
    sealed_size,
)

KEY = bytes(range(32))
CONTEXT = b"input:a"
EXTRA = 17
HEAD = len(MARK) + 24
SIZES = st.sampled_from(
    [0, 1, 2, 1000, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES]
)


class Trickle(io.RawIOBase):
    """Gives a file in pieces of other sizes than were asked for."""

    def __init__(self, content: bytes, pieces: Iterator[int]) -> None:
        self._rest = io.BytesIO(content)
        self._pieces = pieces

    def read(self, size: int = -1) -> bytes:
        return self._rest.read(min(size, next(self._pieces)))


def content(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def sealed(plain: bytes, key: bytes = KEY, context: bytes = CONTEXT) -> bytes:
    writer = io.BytesIO()
    encrypt_file(io.BytesIO(plain), writer, key, context)
    return writer.getvalue()


def opened(untrusted: bytes, key: bytes = KEY, context: bytes = CONTEXT) -> bytes:
    writer = io.BytesIO()
    decrypt_file(io.BytesIO(untrusted), writer, key, context)
    return writer.getvalue()


@given(st.binary(max_size=300))
def test_any_bytes_come_back_and_are_not_to_be_seen(plain: bytes) -> None:
    closed = sealed(plain)
    assert opened(closed) == plain
    assert len(plain) < 8 or plain not in closed[len(MARK) :]


@given(SIZES, st.lists(st.integers(1, 3 * CHUNK_BYTES), min_size=1, max_size=5))
def test_any_size_in_any_pieces(size: int, pieces: list[int]) -> None:
    pieces = [piece + 50_000 for piece in pieces]
    written = io.BytesIO()
    encrypt_file(Trickle(content(size), cycle(pieces)), written, KEY, CONTEXT)  # type: ignore[arg-type] # reading is all that is asked of it
    assert len(written.getvalue()) == sealed_size(size)
    again = io.BytesIO()
    decrypt_file(Trickle(written.getvalue(), cycle(pieces)), again, KEY, CONTEXT)  # type: ignore[arg-type] # the same
    assert again.getvalue() == content(size)


@given(st.binary(max_size=100), st.data())
def test_a_file_that_was_cut_off_does_not_open(plain: bytes, data: st.DataObject) -> None:
    closed = sealed(plain)
    with pytest.raises(InvalidInputError):
        opened(closed[: data.draw(st.integers(0, len(closed) - 1))])


def test_nor_one_cut_off_between_chunks() -> None:
    closed = sealed(content(2 * CHUNK_BYTES + 5))
    for chunks in range(3):
        with pytest.raises(InvalidInputError):
            opened(closed[: HEAD + chunks * (CHUNK_BYTES + EXTRA)])


@given(st.binary(max_size=100), st.data())
def test_no_bit_can_be_flipped(plain: bytes, data: st.DataObject) -> None:
    changed = bytearray(sealed(plain))
    at = data.draw(st.integers(0, len(changed) - 1))
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(InvalidInputError):
        opened(bytes(changed))


@given(st.binary(max_size=100), st.binary(min_size=1, max_size=40))
def test_nothing_can_be_added(plain: bytes, more: bytes) -> None:
    with pytest.raises(InvalidInputError):
        opened(sealed(plain) + more)


def test_chunks_cannot_change_places_nor_come_twice_nor_be_left_out() -> None:
    closed = sealed(content(3 * CHUNK_BYTES))
    head, size = closed[:HEAD], CHUNK_BYTES + EXTRA
    one, two, three = (closed[HEAD + i * size :][:size] for i in range(3))
    for order in ([two, one, three], [one, one, two, three], [one, three], [three], [one, two]):
        with pytest.raises(InvalidInputError):
            opened(head + b"".join(order))


def test_another_key_or_purpose_does_not_open_it() -> None:
    closed = sealed(b"plain")
    with pytest.raises(InvalidInputError):
        opened(closed, key=bytes(32))
    with pytest.raises(InvalidInputError):
        opened(closed, context=b"input:b")


@given(st.binary(max_size=400))
def test_rubbish_does_not_open(rubbish: bytes) -> None:
    for untrusted in (rubbish, MARK + rubbish):
        with pytest.raises(InvalidInputError):
            opened(untrusted)


def test_the_same_file_never_looks_the_same() -> None:
    assert sealed(b"plain") != sealed(b"plain")
