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
    try:
        with tarfile.open(fileobj=io.BytesIO(untrusted_archive), mode="r:") as archive:
            for member in archive:
                if not member.isreg() or member.issparse() or member.name in files:
                    raise _bad("it holds something other than plain files", "其中含有非普通文件")
                if len(files) >= max_files:
                    raise _bad("it holds too many files", "其中文件过多")
                reader = archive.extractfile(member)
                files[_plain(member.name)] = reader.read() if reader else b""
    except (tarfile.TarError, OSError, ValueError, EOFError) as error:
        raise _bad("it is not a whole tar archive", "不是完整的 tar 归档") from error
    if sum(map(len, files.values())) > max_bytes:
        raise _bad("it is larger than allowed", "超出允许的大小")
    return files


def _plain(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise _bad("a file in it has a name that is not allowed", "其中有不允许的文件名")
    return name


def _bad(en: str, zh: str) -> InvalidInputError:
    return InvalidInputError(
        f"This result cannot be used: {en}. The task must be computed again.",
        f"此结果无法使用：{zh}。该任务需要重新计算。",
    )
