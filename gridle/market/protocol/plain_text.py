"""Text that somebody else wrote, made fit for a terminal and a window."""

from __future__ import annotations

import unicodedata

MAX_CHARS = 2000
_LINE_ENDS = ("Zl", "Zp")
"""Windows begin a line at U+2028 and U+2029, which are no control characters."""


def plain(untrusted_text: str) -> str:
    """Return the text on one line, cut to a length that can be read.

    Control characters could move a terminal's cursor or retitle it, and marks of writing
    direction could make a sentence read as another; each becomes a space.
    """
    cut = untrusted_text[:MAX_CHARS]
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(" " if _is_a_trick(char) else char for char in cut)


def _is_a_trick(char: str) -> bool:
    category = unicodedata.category(char)
    return category[0] == "C" or category in _LINE_ENDS
