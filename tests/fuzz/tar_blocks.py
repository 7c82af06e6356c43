"""Tar headers with hostile fields, and with checksums that are right in spite of them (POSIX)."""

from __future__ import annotations

from collections.abc import Sequence

_BLOCK_BYTES = 512
_CHECKSUM = slice(148, 156)
_MAGIC = slice(257, 262)
_FIELDS = (0, 100, 108, 116, 124, 136, 156, 157, 257, 263, 265, 297, 329, 337, 345, 482, 483, 500)
"""Where each begins: name, mode, owner, group, size, time, kind, link, magic and so on."""
_KINDS = b"\x000123456789LKNSVMxgXAD"
_SIZE_AT, _KIND_AT = 124, 156


def with_hostile_field(
    data: bytes, at: int, place: int, choice: int, tokens: Sequence[bytes]
) -> bytes:
    """Overwrite a field of a header with a token; sizes and kinds are the favourites."""
    blocks = max(1, (len(data) - at) // _BLOCK_BYTES)
    headers = [
        start
        for start in range(at, at + blocks * _BLOCK_BYTES, _BLOCK_BYTES)
        if data[start:][_MAGIC] == b"ustar"
    ] or [at]
    header = headers[place % len(headers)]
    field = ((_SIZE_AT, _KIND_AT, *_FIELDS))[choice % (len(_FIELDS) + 2)]
    new = tokens[choice // 32 % len(tokens)]
    if field == _KIND_AT:
        new = _KINDS[place // 64 % len(_KINDS) :][:1]
    start = header + field
    return data[:start] + new + data[start + len(new) :]


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
