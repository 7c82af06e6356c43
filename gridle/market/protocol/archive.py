"""A task's result as one blob: an uncompressed tar that is the same bytes for the same files.

Everything but names and contents is fixed (order, times, owners, modes), so equal results have
equal digests. Reading is defensive: a result archive is hostile until checked.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Mapping

from gridle.market.protocol.errors import InvalidInputError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_OVERHEAD_PER_FILE_BYTES = 2 * tarfile.BLOCKSIZE


def pack(files: Mapping[str, bytes]) -> bytes:
    """Pack plain files into a deterministic tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            member = tarfile.TarInfo(_plain(name))
            member.size = len(files[name])
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(files[name]))
    return buffer.getvalue()


def unpack(untrusted_archive: bytes, *, max_bytes: int, max_files: int) -> dict[str, bytes]:
    """Return the files of a result archive.

    Raises:
        InvalidInputError: too large, too many files, not a tar, or anything in it but plain
            files with plain names.
    """
    limit = max_bytes + (max_files + 20) * _OVERHEAD_PER_FILE_BYTES
    if len(untrusted_archive) > limit:
        raise _bad("it is larger than allowed", "超出允许的大小")
    files: dict[str, bytes] = {}
    at = 0
    while (member := _member(untrusted_archive, at)) is not None:
        if member.name in files:
            raise _bad("it holds two files of one name", "其中有同名文件")
        if len(files) >= max_files:
            raise _bad("it holds too many files", "其中文件过多")
        start = at + tarfile.BLOCKSIZE
        at = start + -(-member.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
        if at > len(untrusted_archive):
            raise _not_whole()
        files[_plain(member.name)] = untrusted_archive[start : start + member.size]
    if sum(map(len, files.values())) > max_bytes:
        raise _bad("it is larger than allowed", "超出允许的大小")
    return files


def _member(untrusted_archive: bytes, at: int) -> tarfile.TarInfo | None:
    """Read the header at `at`; None where the archive ends there, with zeros alone.

    The library's own reader is not used: headers that lengthen, move or repeat others lead it to
    recurse, to go round for ever and to raise what it does not name.
    """
    block = untrusted_archive[at : at + tarfile.BLOCKSIZE]
    if len(block) == tarfile.BLOCKSIZE and not any(block):
        if untrusted_archive.count(0, at) < len(untrusted_archive) - at:
            raise _not_whole()
        return None
    try:
        info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError) as error:
        raise _not_whole() from error
    if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        raise _bad("it holds something other than plain files", "其中含有非普通文件")
    if info.size < 0:
        raise _not_whole()
    return info


def _plain(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise _bad("a file in it has a name that is not allowed", "其中有不允许的文件名")
    return name


def _not_whole() -> InvalidInputError:
    return _bad("it is not a whole tar archive", "不是完整的 tar 归档")


def _bad(en: str, zh: str) -> InvalidInputError:
    return InvalidInputError(
        f"This result cannot be used: {en}. The task must be computed again.",
        f"此结果无法使用：{zh}。该任务需要重新计算。",
    )
