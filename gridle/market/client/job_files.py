"""The files of a job's own folder: inside it, plain, and named by digest."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.ids import Sha256


@dataclass(frozen=True)
class JobFile:
    """A file of the job, as it was when it was read."""

    path: Path
    sha256: Sha256
    size_bytes: int


def locate(folder: Path, untrusted_name: str, field: str) -> Path:
    """Return the path of a file that a manifest names, relative to the manifest's folder.

    Args:
        folder: the folder of the manifest.
        untrusted_name: the relative path, with forward slashes.
        field: the manifest's field, for the error's sentence.

    Raises:
        InvalidInputError: absolute, leaves the folder, through a symbolic link, or no plain file.
    """
    relative = PurePosixPath(untrusted_name)
    if relative.is_absolute() or ".." in relative.parts or "\\" in untrusted_name:
        raise _bad(
            field,
            f"'{untrusted_name}' leaves the job's folder; put the file into the folder and "
            "name it by its path from there",
            f"“{untrusted_name}”超出了任务文件夹；请把文件放入该文件夹并使用相对路径",
        )
    path = folder
    for part in relative.parts:
        path = path / part
        if _is_link(path):
            raise _bad(
                field,
                f"'{untrusted_name}' is or goes through a symbolic link; put the file itself there",
                f"“{untrusted_name}”是符号链接或经过符号链接；请放入文件本身",
            )
    try:
        is_plain = stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        is_plain = False
    if not is_plain:
        raise _bad(
            field,
            f"there is no file '{untrusted_name}' in {folder}; add it or correct the name",
            f"{folder} 中没有文件“{untrusted_name}”；请添加该文件或更正名称",
        )
    return path


def _is_link(path: Path) -> bool:
    try:
        return path.is_symlink()
    except OSError:  # a name that is too long for any file
        return False


def read(folder: Path, untrusted_name: str, field: str, *, max_bytes: int) -> JobFile:
    """Locate a file and take its digest.

    Raises:
        InvalidInputError: as `locate`, or unreadable, or larger than `max_bytes`.
    """
    path = locate(folder, untrusted_name, field)
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size_bytes = file.tell()
    except OSError as error:
        raise _bad(
            field,
            f"'{untrusted_name}' cannot be read ({error.strerror}); check its permissions",
            f"无法读取“{untrusted_name}”（{error.strerror}）；请检查其权限",
        ) from error
    if size_bytes > max_bytes:
        raise _bad(
            field,
            f"'{untrusted_name}' is larger than {max_bytes} bytes; make it smaller",
            f"“{untrusted_name}”超过 {max_bytes} 字节；请缩小该文件",
        )
    return JobFile(path, sha256, size_bytes)


def _bad(field: str, en: str, zh: str) -> InvalidInputError:
    return InvalidInputError(f"Manifest field {field}: {en}.", f"清单字段 {field}：{zh}。")
