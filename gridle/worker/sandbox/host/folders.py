"""The two or three folders that a task sees: flat, with plain files.

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
    NOENT,
    NOTCAPABLE,
    NOTDIR,
    ROFS,
    GuestBroken,
    GuestError,
)

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


def is_plain_name(name: str) -> bool:
    """Whether a result may have a file of this name."""
    return 0 < len(name) <= _NAME_LENGTH and name[0] not in _NO_FIRST and _LETTERS.issuperset(name)


def not_plain(name: str) -> GuestBroken:
    """Return the end of a guest that makes what no result may hold."""
    return GuestBroken(f"{name[:100]!a} would not be a plain file with a plain name")
