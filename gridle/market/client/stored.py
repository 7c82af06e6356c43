"""Owner-only files of the requestor: written whole, and set aside where damaged."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from gridle.market.protocol.errors import CorruptStateError, UnavailableError

T = TypeVar("T")


def write_whole(path: Path, content: bytes) -> None:
    """Write an owner-only file to a draft, then rename it into place.

    Raises:
        UnavailableError: the disk is full or the folder cannot be written.
    """
    try:
        _write(path, content)
    except OSError as error:
        raise UnavailableError(
            f"{path} cannot be written ({error.strerror or error}); free some space or check the "
            "folder's permissions, and try again.",
            f"无法写入 {path}（{error.strerror or error}）；请释放空间或检查文件夹权限后重试。",
        ) from error


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def save(path: Path, record: msgspec.Struct) -> None:
    """Store a record as JSON."""
    write_whole(path, msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")


def load(path: Path, kind: type[T]) -> T | None:
    """Read a record; None where there is none.

    Raises:
        CorruptStateError: the file is damaged; it was renamed, so that it is not in the way.
    """
    try:
        untrusted_bytes = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(untrusted_bytes, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        kept = set_aside(path, datetime.now(UTC))
        raise CorruptStateError(
            f"The file {path} is damaged and was set aside as {kept.name}; "
            "try again to go on without it.",
            f"文件 {path} 已损坏，已另存为 {kept.name}；请重试，程序将不再使用它。",
        ) from error


def set_aside(path: Path, now: datetime) -> Path:
    """Rename a damaged file to *.corrupt-<time>; returns its new path."""
    kept = path.with_name(f"{path.name}.corrupt-{now:%Y%m%dT%H%M%S.%f}")
    path.replace(kept)
    return kept
