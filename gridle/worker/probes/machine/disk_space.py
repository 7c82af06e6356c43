"""The disk where tasks work: what is free, and what our own folder holds."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

_BLOCK_BYTES = 512
"""The unit of `st_blocks`, whatever the file system's own (stat(2))."""
_MOST_ENTRIES = 20_000


@dataclass(frozen=True)
class DiskReading:
    """Bytes; `free` is None where the folder cannot be asked."""

    free_bytes: int | None = None
    ours_bytes: int = 0


def read_disk(folder: Path, most_entries: int = _MOST_ENTRIES) -> DiskReading:
    """Look at a folder's disk and add up what lies in the folder.

    Counts the blocks that files take, not their length: a sparse file takes what it takes. Links
    are not followed. Ends after `most_entries` files, and then says too little rather than
    wearing the disk.
    """
    try:
        free_bytes = shutil.disk_usage(folder).free
    except OSError:
        return DiskReading()
    return DiskReading(free_bytes, _held_bytes(folder, most_entries))


def _held_bytes(folder: Path, most_entries: int) -> int:
    held_bytes = 0
    left = most_entries
    folders = [str(folder)]
    while folders and left > 0:
        try:
            with os.scandir(folders.pop()) as found:
                for entry in found:
                    left -= 1
                    held_bytes += _bytes_of(entry)
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    if left <= 0:
                        break
        except OSError:
            continue  # tasks make and delete folders while we look
    return held_bytes


def _bytes_of(entry: os.DirEntry[str]) -> int:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return 0
    blocks = getattr(status, "st_blocks", None)  # Windows has none
    return status.st_size if blocks is None else int(blocks) * _BLOCK_BYTES
