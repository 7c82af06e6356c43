"""What the sample requestor put together, read from its folder with limits on size and shape."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

MAX_SUMMARY_BYTES = 2**20
MAX_IMAGE_BYTES = 16 * 2**20
MAX_JOBS = 64
SUMMARY_NAME = "summary.json"
_IMAGE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}\.(png|svg)")
_NOT_PLAIN = (b"href", b"<!entity", b"\0")
"""The last is of encodings in which the others would not be found."""

Cell = str | int | float | None
Row = Annotated[tuple[Cell, ...], Meta(max_length=32)]


class Summary(Struct, frozen=True):
    """The content of one job's `summary.json`."""

    title: Annotated[str, Meta(max_length=200)]
    headline: Annotated[str, Meta(max_length=2000)]
    tasks_done: Annotated[int, Meta(ge=0)]
    tasks_total: Annotated[int, Meta(ge=0)]
    image: str | None = None
    table: Annotated[tuple[Row, ...], Meta(max_length=1000)] | None = None
    """The first row names the columns."""


class JobResult(Struct, frozen=True):
    """One job's result on disk."""

    name: str
    summary: Summary
    image_path: Path | None


def read_results(results: Path) -> tuple[JobResult, ...]:
    """Return the readable results in a folder, by name; a damaged or half-written one waits."""
    try:
        folders = sorted(path for path in results.iterdir() if path.is_dir())[:MAX_JOBS]
    except OSError:
        return ()
    found = (read_result(folder) for folder in folders)
    return tuple(result for result in found if result is not None)


def read_result(folder: Path) -> JobResult | None:
    """Return one job's result; None where there is none that can be read."""
    untrusted_bytes = _read_limited(folder / SUMMARY_NAME, MAX_SUMMARY_BYTES)
    if untrusted_bytes is None:
        return None
    try:
        summary = msgspec.json.decode(untrusted_bytes, type=Summary)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return JobResult(folder.name, summary, _image_path(folder, summary.image))


def read_image(path: Path) -> bytes | None:
    """Return a picture's file; None where it is gone or too large."""
    return _read_limited(path, MAX_IMAGE_BYTES)


def is_plain_drawing(untrusted_svg: bytes) -> bool:
    """Tell whether a drawing is drawn from itself alone, each part once.

    References can name files of this machine or others, and a few that repeat one another
    thousandfold would stop the window; entities could hide them.
    """
    lower = untrusted_svg.lower()
    return not any(mark in lower for mark in _NOT_PLAIN)


def _image_path(folder: Path, untrusted_name: str | None) -> Path | None:
    if untrusted_name is None or not _IMAGE_NAME.fullmatch(untrusted_name):
        return None
    return folder / untrusted_name


def _read_limited(path: Path, max_bytes: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError:
        return None
    return content if len(content) <= max_bytes else None
