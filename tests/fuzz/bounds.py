"""What holds for every reader: time in proportion to the input, and plain words to people."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from gridle.market.protocol.plain_text import MAX_CHARS

_BASE_S = 1.5
_PER_BYTE_S = 2e-5
"""Fifty kilobytes a second: far slower than any reader here, far faster than one that explodes."""


@contextmanager
def bounded(data: bytes) -> Iterator[None]:
    """Run the block, which may use so much CPU for these bytes; waiting for others counts not."""
    started_s = time.thread_time()
    yield
    used_s = time.thread_time() - started_s
    allowed_s = _BASE_S + len(data) * _PER_BYTE_S
    assert used_s <= allowed_s, f"{used_s:.1f} s of CPU for {len(data)} bytes"


def assert_plain(text: str) -> None:
    """Check that a terminal and a window show it on one line, as it is."""
    assert 0 < len(text) <= MAX_CHARS
    for char in set(text):
        kind = unicodedata.category(char)
        assert kind[0] != "C" and kind not in ("Zl", "Zp"), ascii(char)  # noqa: PT018 - one question
