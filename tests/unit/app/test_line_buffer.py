"""Lines come out whole however their bytes arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.app.line_buffer import LineBuffer
from gridle.market.protocol.errors import InvalidInputError


@given(st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b""))), st.data())
def test_any_cut_gives_the_same_lines(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    buffer, taken = LineBuffer(100), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        taken += buffer.take(stream[:size])
        stream = stream[size:]
    assert taken == lines


def test_a_line_that_is_too_long_is_refused_and_forgotten() -> None:
    buffer = LineBuffer(4)
    with pytest.raises(InvalidInputError):
        buffer.take(b"12345")
    assert buffer.take(b"ok\n") == [b"ok"]
