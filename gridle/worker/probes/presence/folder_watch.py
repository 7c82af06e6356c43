"""Changes of a folder, told by the kernel (inotify(7))."""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path

_CREATE, _DELETE, _ATTRIBUTES = 0x100, 0x200, 0x4
_READ_BYTES = 1 << 16


class FolderWatch:
    """A descriptor that becomes readable when a file comes, goes, or is given other permissions."""

    def __init__(self, folder: Path) -> None:
        """Raise OSError where the folder is not there or the kernel gives no more watches."""
        library = ctypes.CDLL(None, use_errno=True)
        self._descriptor = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        mask = ctypes.c_uint32(_CREATE | _DELETE | _ATTRIBUTES)
        if library.inotify_add_watch(self._descriptor, os.fsencode(folder), mask) < 0:
            number = ctypes.get_errno()
            self.close()
            raise OSError(number, "inotify", str(folder))

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return int(self._descriptor)

    def clear(self) -> None:
        """Take what has been told, so that the next change is told again."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._descriptor, _READ_BYTES)

    def close(self) -> None:
        """Stop watching."""
        os.close(self._descriptor)
