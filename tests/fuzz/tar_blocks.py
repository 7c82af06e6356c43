"""Tar headers whose checksums are right whatever else is wrong with them (POSIX ustar)."""

from __future__ import annotations

_BLOCK_BYTES = 512
_CHECKSUM = slice(148, 156)
_MAGIC = slice(257, 262)


def with_good_checksums(data: bytes, at: int = 0) -> bytes:
    """Write each header's checksum anew; a header is a block that says `ustar`."""
    fixed = bytearray(data)
    for start in range(at, len(data) - _BLOCK_BYTES + 1, _BLOCK_BYTES):
        block = bytearray(fixed[start : start + _BLOCK_BYTES])
        if block[_MAGIC] == b"ustar":
            block[_CHECKSUM] = b" " * 8
            block[_CHECKSUM] = b"%06o\0 " % sum(block)
            fixed[start : start + _BLOCK_BYTES] = block
    return bytes(fixed)
