"""Text that somebody else wrote, made fit for a terminal and a window."""

from __future__ import annotations

import unicodedata

MAX_CHARS = 2000
_LINES = ("Zl", "Zp")


def plain(untrusted_text: str) -> str:
    """Return the text on one line, cut to a length that can be read.

    Control characters could move a terminal's cursor or retitle it, marks of writing direction
    could make a sentence read as another, and other marks are not seen at all; each becomes a
    space, as does every other way to begin a line.
    """
    cut = untrusted_text[:MAX_CHARS]
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(char if is_plain(char) else " " for char in cut)


def is_plain(char: str) -> bool:
    """Whether a character shows as itself, and steers nothing."""
    category = unicodedata.category(char)
    return category[0] != "C" and category not in _LINES
