"""How much time an input may take: whatever it says, in proportion to its length."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

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
