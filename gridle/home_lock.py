"""One program per home: an OS lock on a file, which the OS drops when its holder dies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

from gridle.market.protocol.errors import UnavailableError


class HomeLock:
    """An exclusive lock on `path`; nobody needs to clean up after a crash."""

    def __init__(self, path: Path, taken: UnavailableError) -> None:
        """`taken` is raised where another process has the lock."""
        self._path = path
        self._taken = taken
        self._file: IO[bytes] | None = None

    def take(self) -> None:
        """Take the lock.

        Raises:
            UnavailableError: another process has it.
        """
        file = self._path.open("ab")
        try:
            _lock(file)
        except OSError as error:
            file.close()
            raise self._taken from error
        self._file = file

    def release(self) -> None:
        """Let go of the lock, if it is held."""
        if self._file is not None:
            self._file.close()
            self._file = None


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
