"""A task's result as one blob: an uncompressed tar that is the same bytes for the same files.

Everything but names and contents is fixed (order, times, owners, modes), so equal results have
equal digests. A result archive is hostile until checked. So no tar library reads it: each header
must be, byte for byte, the one that packing this name and size would have made.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Mapping

from gridle.market.protocol.errors import InvalidInputError

_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?")
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
"""Names of Windows that are devices in every folder ("Naming Files, Paths, and Namespaces")."""
_BLOCK = tarfile.BLOCKSIZE
_NAME_FIELD = slice(0, 100)
_SIZE_FIELD = slice(124, 135)
_OCTAL = re.compile(rb"[0-7]{11}")
_OVERHEAD_PER_FILE_BYTES = 2 * _BLOCK


def is_plain_name(name: str) -> bool:
    """Whether a file of this name can lie in a folder of any system, and in any command line."""
    return bool(_NAME.fullmatch(name)) and not _DEVICE.fullmatch(name.lower())


def pack(files: Mapping[str, bytes]) -> bytes:
    """Pack plain files into a deterministic tar archive.

    Raises:
        InvalidInputError: a name is not plain, or two are one where case does not count.
    """
    _check_names(files)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            archive.addfile(_member(name, len(files[name])), io.BytesIO(files[name]))
    return buffer.getvalue()


def unpack(untrusted_archive: bytes, *, max_bytes: int, max_files: int) -> dict[str, bytes]:
    """Return the files of a result archive.

    Raises:
        InvalidInputError: too large, too many files, or anything but what packing plain files
            makes.
    """
    limit = max_bytes + (max_files + 20) * _OVERHEAD_PER_FILE_BYTES
    if len(untrusted_archive) > limit:
        raise _bad("it is larger than allowed", "超出允许的大小")
    files: dict[str, bytes] = {}
    at = 0
    while any(header := untrusted_archive[at : at + _BLOCK]):
        if len(files) >= max_files:
            raise _bad("it holds too many files", "其中文件过多")
        name, size = _read_header(header)
        at += _BLOCK
        end = at + -(-size // _BLOCK) * _BLOCK
        if any(untrusted_archive[at + size : end]) or (files and name <= max(files)):
            raise _bad("it is not as packing would have made it", "与打包所得不符")
        files[name] = untrusted_archive[at : at + size]
        at = end
    _check_end(untrusted_archive, at)
    _check_names(files)
    if sum(map(len, files.values())) > max_bytes:
        raise _bad("it is larger than allowed", "超出允许的大小")
    return files


def _check_end(untrusted_archive: bytes, at: int) -> None:
    """Two blocks of zeros end an archive, and more fill up its last record."""
    whole = -(-(at + 2 * _BLOCK) // tarfile.RECORDSIZE) * tarfile.RECORDSIZE
    if len(untrusted_archive) != whole or any(untrusted_archive[at:]):
        raise _bad("it is not a whole archive", "归档不完整")


def _check_names(files: Mapping[str, bytes]) -> None:
    if not all(map(is_plain_name, files)):
        raise _bad("a file in it has a name that is not allowed", "其中有不允许的文件名")
    if len({name.lower() for name in files}) != len(files):
        raise _bad("two of its files have one name", "其中两个文件同名")


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o644
    return member


def _read_header(header: bytes) -> tuple[str, int]:
    try:
        name = header[_NAME_FIELD].rstrip(b"\0").decode("ascii")
    except UnicodeDecodeError:
        name = ""
    digits = header[_SIZE_FIELD]
    size = int(digits, 8) if _OCTAL.fullmatch(digits) else 0
    if not is_plain_name(name):
        raise _bad("a file in it has a name that is not allowed", "其中有不允许的文件名")
    if header != _member(name, size).tobuf(tarfile.USTAR_FORMAT):
        raise _bad("it holds something other than plain files", "其中含有非普通文件")
    return name, size


def _bad(en: str, zh: str) -> InvalidInputError:
    return InvalidInputError(
        f"This result cannot be used: {en}. The task must be computed again.",
        f"此结果无法使用：{zh}。该任务需要重新计算。",
    )
