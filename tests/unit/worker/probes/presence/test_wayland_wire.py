"""The wire format, by examples from the protocol's text and by properties."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.probes.presence.wayland_wire import (
    Arguments,
    Message,
    MessageStream,
    WireError,
    request,
    string,
    uint,
)

WORDS = st.integers(0, 2**32 - 1)
ARGUMENTS = st.binary(max_size=50).map(lambda data: data[: len(data) // 4 * 4])


def test_a_request_has_its_size_in_the_upper_half_of_its_second_word() -> None:
    assert request(1, 1, uint(2)) == struct.pack("=III", 1, 12 << 16 | 1, 2)


def test_a_string_counts_its_end_and_fills_whole_words() -> None:
    assert string("abc") == struct.pack("=I", 4) + b"abc\0"
    assert string("abcd") == struct.pack("=I", 5) + b"abcd\0\0\0\0"
    assert Arguments(struct.pack("=I", 0)).string() == ""


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), WORDS)
def test_what_is_written_is_read_again(text: str, number: int) -> None:
    arguments = Arguments(string(text) + uint(number))
    assert (arguments.string(), arguments.uint()) == (text, number)


@given(st.lists(st.tuples(WORDS, st.integers(0, 2**16 - 1), ARGUMENTS)), st.data())
def test_messages_come_whole_however_the_stream_is_cut(
    messages: list[tuple[int, int, bytes]], data: st.DataObject
) -> None:
    whole = b"".join(request(*each) for each in messages)
    stream, got, rest = MessageStream(), [], whole
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        got += stream.feed(rest[:size])
        rest = rest[size:]
    assert got == [Message(*each) for each in messages]


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(untrusted: bytes) -> None:
    try:
        for message in MessageStream().feed(untrusted):
            arguments = Arguments(message.untrusted_arguments)
            arguments.string()
            arguments.uints()
            arguments.uint()
    except WireError:
        pass


@pytest.mark.parametrize("size", [0, 4, 9, 65535])
def test_a_size_that_no_message_has_is_refused(size: int) -> None:
    with pytest.raises(WireError):
        MessageStream().feed(struct.pack("=II", 1, size << 16))


def test_numbers_in_a_block_must_be_whole() -> None:
    assert Arguments(struct.pack("=III", 8, 2, 3)).uints() == (2, 3)
    with pytest.raises(WireError):
        Arguments(struct.pack("=II", 3, 0)).uints()
