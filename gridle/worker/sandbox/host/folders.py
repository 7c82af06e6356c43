"""The two or three folders that a task sees, and the files that it opened: flat, and plain files.

No folder, link or device can be made, and no link is followed. Names are those that a result may
have (see market.protocol.archive), so that no system's rules for names can show. What a file is
beside its bytes (times, owner, number, order in its folder) is the same on every machine.
"""

from __future__ import annotations

import os
import stat

from gridle.worker.sandbox.host.wasi_errno import (
    EXIST,
    INVAL,
    ISDIR,
    MFILE,
    NOENT,
    NOTCAPABLE,
    NOTDIR,
    ROFS,
    GuestBroken,
    GuestError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_OPEN = 48
"""Beside the folders and streams; below what this process may have open, so that both agree."""
_FIRST_FREE = 3
_NAME_LENGTH = 100
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_NO_FIRST = frozenset(".-")
_READ_ONLY_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_PLAIN_FLAGS = _READ_ONLY_FLAGS | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Folder:
    """A folder of the worker's, called `name` by the guest."""

    def __init__(self, path: str, name: str, *, writable: bool) -> None:
        self.path = path
        self.name = name
        self.writable = writable

    def resolve(self, guest_path: str) -> str:
        """Return the name of the file that a path from here means; "" is the folder itself.

        Raises:
            GuestError: it leads out of the folder, or into one that is not there.
        """
        if guest_path.startswith("/"):
            raise GuestError(NOTCAPABLE)
        parts: list[str] = []
        for part in guest_path.split("/"):
            if part == ".." and not parts:
                raise GuestError(NOTCAPABLE)
            if part == "..":
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        if len(parts) > 1:
            raise GuestError(NOTDIR if self.holds(parts[0]) else NOENT)
        return parts[0] if parts else ""

    def place(self, name: str) -> str:
        """Return the path of a file that may be there.

        Raises:
            GuestError: nothing of such a name can be there.
        """
        if not is_plain_name(name):
            raise GuestError(NOENT)
        return f"{self.path}{os.sep}{name}"

    def place_to_make(self, name: str) -> str:
        """Return the path of a file that is to be made.

        Raises:
            GuestError: nothing may be made here.
            GuestBroken: the name is not one that a result may have.
        """
        if not self.writable:
            raise GuestError(ROFS)
        if not name:
            raise GuestError(INVAL)
        if not is_plain_name(name):
            raise not_plain(name)
        return self.place(name)

    def holds(self, name: str) -> bool:
        """Whether a file of this name is there."""
        try:
            os.close(self.open(name, os.O_RDONLY))
        except (OSError, GuestError):
            return False
        return True

    def open(self, name: str, flags: int) -> int:
        """Open a plain file and return its descriptor.

        Raises:
            GuestError: it is not there, or no plain file.
            OSError: it cannot be opened.
        """
        descriptor = os.open(self.place(name), flags | _PLAIN_FLAGS, 0o644)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise GuestError(NOENT)
        return descriptor

    def size(self, name: str) -> int:
        """Return how many bytes a file has.

        Raises:
            OSError, GuestError: it is not there.
        """
        descriptor = self.open(name, os.O_RDONLY)
        try:
            return os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)

    def names(self) -> list[str]:
        """Return the names of what is there, in their order."""
        return sorted(name for name in os.listdir(self.path) if is_plain_name(name))  # noqa: PTH208 - see the package

    def refuse_kind(self, name: str) -> None:
        """Refuse to make anything but a plain file: raises, whatever the name.

        Raises:
            GuestError: it is there, or nothing may be made here.
            GuestBroken: it would have been made.
        """
        if not name or self.holds(name):
            raise GuestError(EXIST)
        self.place_to_make(name)
        raise not_plain(name)


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
        """Return what is open under this number."""
        return self._opened.get(number)

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
        if opened.folder is not None and not opened.is_folder:
            os.close(opened.descriptor)

    def move(self, number: int, to: int) -> None:
        """Give what is open another's number, and close the other; both are there."""
        if number != to:
            self.drop(to)
            self._opened[to] = self._opened.pop(number)


def is_plain_name(name: str) -> bool:
    """Whether a result may have a file of this name."""
    return (
        0 < len(name) <= _NAME_LENGTH and name[0] not in _NO_FIRST and _LETTERS.issuperset(name)
    )


def not_plain(name: str) -> GuestBroken:
    """Return the end of a guest that makes what no result may hold."""
    return GuestBroken(f"{ascii(name[:100])} would not be a plain file with a plain name")


def check_file(opened: Opened) -> None:
    """Raise GuestError where it is no file."""
    if opened.is_folder:
        raise GuestError(ISDIR)
