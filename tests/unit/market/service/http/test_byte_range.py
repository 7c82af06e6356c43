from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.market.service.http.byte_range import (
    ByteRange,
    UnsatisfiableRangeError,
    parse_range,
)


@given(st.text(max_size=30) | st.from_regex(r"bytes=\d*-\d*", fullmatch=True), st.integers(0, 99))
def test_a_range_never_leaves_the_blob(header: str, size: int) -> None:
    try:
        part = parse_range(header, size)
    except UnsatisfiableRangeError:
        return
    assert part is None or 0 <= part.start < part.end <= size


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None),
        ("bytes=0-0", ByteRange(0, 1)),
        ("bytes=5-", ByteRange(5, 10)),
        ("bytes=-3", ByteRange(7, 10)),
        ("bytes=8-99", ByteRange(8, 10)),
        ("bytes=0-1,3-4", None),
    ],
)
def test_ranges_are_read_as_the_standard_says(header: str | None, part: ByteRange | None) -> None:
    assert parse_range(header, 10) == part
