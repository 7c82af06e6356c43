"""Counts the files of a layer while it passes, as Go's tar reader, which engines use, sees them.

A small layer can hold millions of empty files, which would take every inode of the owner's disk.
Whatever would make our count another than the engine's is refused (POSIX ustar and pax, GNU tar).
"""

from __future__ import annotations

import tarfile

from gridle.worker.sandbox.tar_listing import BLOCK_BYTES, TarError

_SIZE_FIELD = slice(124, 136)
_CHECKSUM_FIELD = slice(148, 156)
_KIND_AT = 156
_BASE_256 = 0x80
_MAX_EXTENSION_BYTES = 2**20
_WITHOUT_CONTENT = frozenset(
    {tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE,
     tarfile.FIFOTYPE}
)  # fmt: skip
"""Whatever such a header gives as a size, no content follows."""
_EXTENSIONS = frozenset(
    {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
)
"""They say more about the file that follows, and are none themselves."""


class MemberCount:
    """Feed it a layer's tar piece by piece; `files` is what it held so far."""

    def __init__(self, most_files: int) -> None:
        self.files = 0
        self._most_files = most_files
        self._header = bytearray()
        self._extension: bytearray | None = None
        self._skip_bytes = 0
        self._padding_bytes = 0
        self._is_over = False

    def feed(self, piece: bytes) -> None:
        """Read on.

        Raises:
            TarError: it is no tar, holds too many files, or could be read in two ways.
        """
        at = 0
        while at < len(piece) and not self._is_over:
            if self._skip_bytes:
                taken = piece[at : at + self._skip_bytes]
                self._skip(taken)
            else:
                taken = piece[at : at + BLOCK_BYTES - len(self._header)]
                self._header += taken
                if len(self._header) == BLOCK_BYTES:
                    self._begin(bytes(self._header))
                    self._header.clear()
            at += len(taken)

    def _skip(self, taken: bytes) -> None:
        self._skip_bytes -= len(taken)
        if self._extension is None:
            return
        self._extension += taken
        if not self._skip_bytes:
            _check_records(bytes(self._extension[: len(self._extension) - self._padding_bytes]))
            self._extension = None

    def _begin(self, block: bytes) -> None:
        if not any(block):
            self._is_over = True  # one such block ends it, and what follows is nobody's
            return
        if _number(block[_CHECKSUM_FIELD]) not in _checksums(block):
            raise TarError("a layer of it is damaged")
        kind = block[_KIND_AT : _KIND_AT + 1]
        if kind == tarfile.GNUTYPE_SPARSE:
            raise TarError("a layer of it has sparse files of an old kind")
        size_bytes = 0 if kind in _WITHOUT_CONTENT else _number(block[_SIZE_FIELD])
        self._padding_bytes = -size_bytes % BLOCK_BYTES
        self._skip_bytes = size_bytes + self._padding_bytes
        if kind in _EXTENSIONS:
            if size_bytes > _MAX_EXTENSION_BYTES:
                raise TarError("a layer of it is damaged")
            is_pax = kind in (tarfile.XHDTYPE, tarfile.XGLTYPE)
            self._extension = bytearray() if is_pax and size_bytes else None
            return
        self.files += 1
        if self.files > self._most_files:
            raise TarError("it holds more files than a machine should")


def _checksums(block: bytes) -> tuple[int, int]:
    """Return the sum of a header as bytes without a sign and with one: both were written once."""
    rest = block[: _CHECKSUM_FIELD.start] + b" " * 8 + block[_CHECKSUM_FIELD.stop :]
    unsigned = sum(rest)
    return unsigned, unsigned - 256 * sum(byte > 127 for byte in rest)  # noqa: PLR2004 - the sign bit


def _number(field: bytes) -> int:
    """Read a field as Go does: octal between blanks and NULs, or a number to the base of 256.

    Raises:
        TarError: it is neither.
    """
    if field[0] & _BASE_256:
        if field[0] != _BASE_256:  # below zero, or larger than any disk
            raise TarError("a layer of it is damaged")
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0").partition(b"\0")[0]
    if digits.strip(b"01234567"):
        raise TarError("a layer of it is damaged")
    return int(digits or b"0", 8)


def _check_records(records: bytes) -> None:
    """Refuse pax records that give a file another size than its header has.

    Raises:
        TarError: they do, or are none.
    """
    while records:
        length, blank, _ = records.partition(b" ")
        if not blank or not length.isdigit() or len(length) > len(str(_MAX_EXTENSION_BYTES)):
            raise TarError("a layer of it is damaged")
        record = records[len(length) + 1 : int(length)]
        if int(length) <= len(length) + 1 or int(length) > len(records):
            raise TarError("a layer of it is damaged")
        if record.startswith(b"size="):
            raise TarError("a layer of it gives a file two sizes")
        records = records[int(length) :]
