"""One number from a file of Linux's /sys, which may be gone, closed to us, or nonsense."""

from __future__ import annotations

from pathlib import Path

_MAX_CHARS = 32


def read_number(path: Path) -> int | None:
    """Return the whole number that the file holds; None where there is none to be had."""
    text = read_word(path)
    try:
        return int(text)
    except ValueError:
        return None


def read_word(path: Path) -> str:
    """Return the file's one word; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(_MAX_CHARS).decode("ascii", "replace").strip()
    except OSError:
        return ""
