"""What a hostile tar file holds, read so that no other reader can see anything else in it.

Engines read the same bytes with another tar library. So this accepts only what all libraries
read alike: plain short names, regular files, folders and one kind of link, each name once, no
extended headers, no compression. Nothing is extracted; a file's content is read on request.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

BLOCK_BYTES = 512
MAX_MEMBERS = 4096
_PIECE_BYTES = 2**20
_PREFIX_FIELD = slice(345, 500)
"""Part of the name to some readers and a time to others (POSIX ustar against old GNU)."""
_SIZE_FIELD = slice(124, 136)
_SIZE = re.compile(rb"[0-7]{11}[ \x00]")
"""Nothing else is a size: before digits, one reader skips what another ends at."""
_KINDS = frozenset({tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE})
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_LAYER_LINK = re.compile(r"[0-9a-f]{64}/layer\.tar")
_LAYER = re.compile(r"\.\./[0-9a-f]{64}\.tar")
"""The only links: those with which `podman save` serves readers of the oldest layout."""


class TarError(ValueError):
    """The file is not such a tar; the text says why, in English, for a longer sentence."""


@dataclass(frozen=True)
class Member:
    """Where a regular file's content lies."""

    offset_bytes: int
    size_bytes: int


def list_files(archive: Path) -> dict[str, Member]:
    """Return the regular files of a tar by name.

    Raises:
        TarError: something in it is read differently by different readers, or it is too long.
        OSError: the file cannot be read.
    """
    total_bytes = archive.stat().st_size
    seen: set[str] = set()
    files: dict[str, Member] = {}
    with archive.open("rb") as file:
        offset_bytes = 0
        while (info := _header(file, offset_bytes)) is not None:
            name = info.name.removeprefix("./")
            if info.type == tarfile.DIRTYPE:
                name = name.rstrip("/")
            if info.type == tarfile.DIRTYPE and name in ("", "."):
                name = "."
            elif not _NAME.fullmatch(name):
                raise TarError("a file in it has an odd name")
            if name in seen or len(seen) >= MAX_MEMBERS:
                raise TarError("it holds two files of one name, or too many files")
            seen.add(name)
            content_bytes = offset_bytes + BLOCK_BYTES
            if info.type in (tarfile.REGTYPE, tarfile.AREGTYPE):
                files[name] = Member(content_bytes, info.size)
            offset_bytes = content_bytes + _padded(info, name)
            if offset_bytes > total_bytes:
                raise TarError("it is cut off")
    return files


def read_member(archive: Path, member: Member, max_bytes: int) -> bytes:
    """Return a member's content.

    Raises:
        TarError: it is larger than `max_bytes`.
        OSError: the file cannot be read.
    """
    if member.size_bytes > max_bytes:
        raise TarError("its description is too large")
    with archive.open("rb") as file:
        file.seek(member.offset_bytes)
        return file.read(member.size_bytes)


def member_pieces(archive: Path, member: Member) -> Iterator[bytes]:
    """Yield a member's content piece by piece.

    Raises:
        TarError: the file has become shorter meanwhile.
        OSError: the file cannot be read.
    """
    left_bytes = member.size_bytes
    with archive.open("rb") as file:
        file.seek(member.offset_bytes)
        while left_bytes:
            piece = file.read(min(_PIECE_BYTES, left_bytes))
            if not piece:
                raise TarError("it is cut off")
            left_bytes -= len(piece)
            yield piece


def _header(file: BinaryIO, offset_bytes: int) -> tarfile.TarInfo | None:
    file.seek(offset_bytes)
    block = file.read(BLOCK_BYTES)
    if not block or not any(block):
        rest = file.read(BLOCK_BYTES)
        if offset_bytes == 0 or any(rest):
            raise TarError("it is not a tar file")
        return None
    try:
        info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError) as error:
        raise TarError("it is not a plain tar file") from error
    if not _SIZE.fullmatch(block[_SIZE_FIELD]):
        raise TarError("it is not a plain tar file")
    if info.type not in _KINDS or any(block[_PREFIX_FIELD]):
        raise TarError("it holds more than plain files with short names")
    return info


def _padded(info: tarfile.TarInfo, name: str) -> int:
    """Return the bytes that a member's content takes up."""
    if info.type == tarfile.SYMTYPE and not (
        _LAYER_LINK.fullmatch(name) and _LAYER.fullmatch(info.linkname)
    ):
        raise TarError("it holds a link")
    if info.size < 0 or (info.size and info.type in (tarfile.SYMTYPE, tarfile.DIRTYPE)):
        raise TarError("it is not a plain tar file")
    return -(-info.size // BLOCK_BYTES) * BLOCK_BYTES
