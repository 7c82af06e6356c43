"""A task's last words, which people read in windows and terminals."""

from __future__ import annotations

import os
import unicodedata

from gridle.worker.sandbox.log_tail import TAIL_BYTES, LogTail, clean
from tests.fuzz.bounds import bounded

SEEDS = (
    b"line one\r\nline two\n",
    b"\x1b[2J\x1b]0;title\x07\x1b[31mred\x9b0m",
    "\u202egnp.exe \u2066x\u2069 \u200e\u200f\u061c\u2028\u2029 日本語 \U000e0041".encode(),
    b"\xff\xfe\xc3(\xed\xa0\x80" + b"x" * 300,
)
TOKENS = (
    b"\x1b[", b"\x9b", b"\xc2\x9b", b"\x07", b"\x08", b"\r", b"\0", "\u202e".encode(), b"\xff",
    "\u2028".encode(), "\u200e".encode(), "\u061c".encode(), "\ufeff".encode(), "\u2066".encode(),
)  # fmt: skip


def one_input(data: bytes) -> None:
    """What is left moves no cursor, turns no writing round, and is no longer than it was."""
    with bounded(data):
        text = clean(data)
    assert len(text) <= len(data)
    for char in set(text) - {"\n", "\t"}:
        assert unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp"), ascii(char)
        assert char not in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e", ascii(char)
        assert not "\u2066" <= char <= "\u2069", ascii(char)
    piece = data[: 2 * TAIL_BYTES]
    reading, writing = os.pipe()
    os.write(writing, piece)
    os.close(writing)
    assert LogTail(reading, "fuzz", lambda: None).text(10.0) == clean(piece[-TAIL_BYTES:])
