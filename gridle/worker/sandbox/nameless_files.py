"""Files that a task holds open after removing their names: no folder lists them, a disk keeps them.

Linux shows them below `/proc/PID/fd` (proc_pid_fd(5)) to root and to the same user. One that is in
a message between sockets, or only mapped, is not seen; the owner's reserve of free disk holds then.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

_BLOCK_BYTES = 512
_STEP_BYTES = 8 * 2**20
_MAX_OPEN = 100_000


class NamelessFiles:
    """Looks only where the disk has lost room since the last look: a look takes its time."""

    def __init__(
        self,
        folder: Path,
        process_ids: Callable[[], list[int]],
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._folder = folder
        self._process_ids = process_ids
        self._free_bytes = free_bytes
        self._free_then = free_bytes(folder)
        self._found_bytes = 0

    def bytes_held(self) -> int:
        """Return how much the task's nameless files in the folder's file system take up."""
        free_now = self._free_bytes(self._folder)
        if self._free_then - free_now >= _STEP_BYTES:
            self._found_bytes = _held(self._process_ids(), self._folder.stat().st_dev)
            self._free_then = free_now
        self._free_then = max(self._free_then, free_now)
        return self._found_bytes


def _held(process_ids: list[int], device: int) -> int:
    sizes: dict[int, int] = {}
    left = _MAX_OPEN
    for process_id in process_ids:
        with contextlib.suppress(OSError), os.scandir(f"/proc/{process_id}/fd") as entries:
            for entry in entries:
                left -= 1
                with contextlib.suppress(OSError):  # it was closed meanwhile
                    state = os.stat(entry.path)  # noqa: PTH116 - pathlib costs time, often
                    nameless = state.st_nlink == 0 and stat.S_ISREG(state.st_mode)
                    if nameless and state.st_dev == device:
                        sizes[state.st_ino] = state.st_blocks * _BLOCK_BYTES
        if left <= 0:
            break
    return sum(sizes.values())
