"""The worker's settings and limits: small JSON files, written whole, set aside when damaged."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from gridle.market.protocol.codec import decode
from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.market.protocol.ids import Address
from gridle.market.protocol.sentence import Sentence

T = TypeVar("T")

SETTINGS_NAME = "settings.json"
LIMITS_NAME = "limits.json"
_MAX_BYTES = 2**16


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where work comes from and who is paid."""

    market_url: str | None = None
    payout_address: Address | None = None


@dataclass(frozen=True)
class Loaded(Generic[T]):
    """What a file held; `warning` tells the owner that it was set aside."""

    value: T | None
    warning: Sentence | None


def load(path: Path, kind: type[T], now: float) -> Loaded[T]:
    """Read a settings file; one that cannot be understood is kept under another name.

    Raises:
        UnavailableError: it is there and cannot be read at all.
    """
    try:
        untrusted = path.read_bytes()
    except FileNotFoundError:
        return Loaded(None, None)
    except OSError as error:
        raise _cannot(path, error) from error
    try:
        return Loaded(decode(untrusted, kind, what=path.name, max_bytes=_MAX_BYTES), None)
    except InvalidInputError:
        stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
        aside = path.with_name(f"{path.name}.corrupt-{stamp}")
        path.replace(aside)
        return Loaded(None, _set_aside(path, aside))


def save(path: Path, value: Struct) -> None:
    """Write a settings file whole: a reader sees the old one or the new one, after any crash.

    Raises:
        InvalidInputError: it is larger than `load` takes; the old one is as it was.
        UnavailableError: it cannot be written (the disk may be full); the old one is as it was.
    """
    content = msgspec.json.format(msgspec.json.encode(value)) + b"\n"
    if len(content) > _MAX_BYTES:
        raise _too_large(path)
    draft = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise _cannot(path, error) from error


def _set_aside(path: Path, aside: Path) -> Sentence:
    return Sentence(
        f"{path.name} was damaged and set aside as {aside.name}; set it anew where needed.",
        f"{path.name} 已损坏，已另存为 {aside.name}；如有需要请重新设置。",
    )


def _too_large(path: Path) -> InvalidInputError:
    return InvalidInputError(
        f"{path.name} would be larger than {_MAX_BYTES} bytes; shorten its lists of names.",
        f"{path.name} 将超过 {_MAX_BYTES} 字节；请缩短其中的名称列表。",
    )


def _cannot(path: Path, error: OSError) -> UnavailableError:
    return UnavailableError(
        f"The file {path} cannot be used ({error.strerror}); check its disk and permissions.",
        f"无法使用文件 {path}（{error.strerror}）；请检查磁盘与权限。",
    )
