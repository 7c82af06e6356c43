"""Small files of /sys and /proc: one value each, absent or unreadable on many machines."""

from __future__ import annotations

import os
from pathlib import Path

_MOST_BYTES = 16384


def kernel_text(path: Path | str) -> str:
    """Return the file's text without its line end; empty where it cannot be read.

    A driver may answer any errno it likes (ENODATA, EIO, ENXIO), which says nothing to a reader.
    At most 16 KiB are read, in one call: such files are made whole at the moment of the read.
    """
    try:
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return os.read(number, _MOST_BYTES).decode("utf-8", "replace").strip()
    except OSError:
        return ""
    finally:
        os.close(number)


def kernel_number(path: Path | str) -> int | None:
    """Return the file's whole number; None where there is none."""
    try:
        return int(kernel_text(path)[:32])
    except ValueError:
        return None


def entries(folder: Path) -> list[Path]:
    """Return what a folder holds, by name; nothing where it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
