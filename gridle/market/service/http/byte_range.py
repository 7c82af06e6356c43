"""One byte range of a blob (RFC 9110, section 14), as a resumed download asks for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


@dataclass(frozen=True)
class ByteRange:
    """From `start` up to and without `end`."""

    start: int
    end: int

    @property
    def size_bytes(self) -> int:
        """How many bytes these are."""
        return self.end - self.start


class UnsatisfiableRangeError(Exception):
    """The range lies beyond the blob's end."""


def parse_range(untrusted_header: str | None, size_bytes: int) -> ByteRange | None:
    """Return the range a Range header asks for; None (the whole) where it asks for no single one.

    Raises:
        UnsatisfiableRangeError: no byte of the blob is in it.
    """
    found = _RANGE.fullmatch(untrusted_header or "")
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        wanted = ByteRange(max(0, size_bytes - int(last)), size_bytes)
    else:
        end = min(int(last) + 1, size_bytes) if last else size_bytes
        wanted = ByteRange(int(first), end)
    if wanted.size_bytes <= 0:
        raise UnsatisfiableRangeError(untrusted_header)
    return wanted
