"""What a guest has open, by its numbers."""

from __future__ import annotations

import os

from gridle.worker.sandbox.host.folders import Folder
from gridle.worker.sandbox.host.wasi_errno import BADF, MFILE, GuestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_OPEN = 48
"""Beside the folders and streams; below what this process may have open, so that both agree."""
_FIRST_FREE = 3


class Opened:
    """What a number of the guest's stands for: a file, a folder, or a stream."""

    __slots__ = ("appends", "descriptor", "folder", "listing", "name")

    def __init__(self, descriptor: int, folder: Folder | None = None, name: str = "") -> None:
        self.descriptor = descriptor
        """Of a folder: -1."""
        self.folder = folder
        """Of a stream: None."""
        self.name = name
        self.appends = False
        self.listing: list[str] = []

    @property
    def is_file(self) -> bool:
        """Whether it is a file that was opened."""
        return self.folder is not None and not self.is_folder

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, opened or given."""
        return self.descriptor < 0


class OpenFiles:
    """All that a guest has open, by its numbers: the lowest free one is the next."""

    def __init__(self, folders: Iterable[Folder], streams: tuple[int, ...]) -> None:
        given = [Opened(-1, folder) for folder in folders]
        self._opened = dict(enumerate([*map(Opened, streams), *given]))
        self.given = range(len(streams), len(self._opened))
        """The numbers of the folders that it was given."""
        self._most = len(self._opened) + _MOST_OPEN

    def get(self, number: int) -> Opened | None:
        """Return what is open under this number; None where nothing is."""
        return self._opened.get(number)

    def need(self, number: int) -> Opened:
        """Return what is open under this number.

        Raises:
            GuestError: nothing is.
        """
        opened = self._opened.get(number)
        if opened is None:
            raise GuestError(BADF)
        return opened

    def check_room(self) -> None:
        """Raise GuestError where no more can be opened."""
        if len(self._opened) >= self._most:
            raise GuestError(MFILE)

    def add(self, opened: Opened) -> int:
        """Return the number for what was opened."""
        number = next(each for each in range(_FIRST_FREE, 2**31) if each not in self._opened)
        self._opened[number] = opened
        return number

    def drop(self, number: int) -> None:
        """Close it; it is there."""
        opened = self._opened.pop(number)
        if opened.is_file:
            os.close(opened.descriptor)

    def move(self, number: int, to: int) -> None:
        """Give what is open another's number, and close the other; both are there."""
        if number != to:
            self.drop(to)
            self._opened[to] = self._opened.pop(number)
