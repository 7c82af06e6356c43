"""One program per home: an OS lock on a file, which the OS drops when its holder dies."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from gridle.market.protocol.errors import GridleError, UnavailableError


class HomeLock:
    """An exclusive lock on `path`; nobody needs to clean up after a crash."""

    def __init__(self, path: Path, taken: GridleError) -> None:
        """`taken` is raised where another process has the lock."""
        self._path = path
        self._taken = taken
        self._file: IO[bytes] | None = None

    def take(self) -> None:
        """Take the lock.

        Raises:
            GridleError: another process has it (`taken`), or the folder cannot be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = self._path.open("ab")
        except OSError as error:
            raise _not_writable(self._path.parent, error) from error
        try:
            _lock(file)
        except OSError as error:
            file.close()
            raise self._taken from error
        self._file = file

    def __enter__(self) -> Self:
        """Take the lock."""
        self.take()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Let go of it."""
        self.release()

    def release(self) -> None:
        """Let go of the lock, if it is held."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _not_writable(folder: Path, error: OSError) -> UnavailableError:
    return UnavailableError(
        f"The folder {folder} cannot be written ({error.strerror}); choose another with --home.",
        f"无法写入文件夹 {folder}（{error.strerror}）；请用 --home 另选文件夹。",
    )


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
