"""What a hostile task does to a folder that it may write, steered by bytes."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

from tests.fuzz.choices import Choices

NAMES = (
    b"state", b"state.new", b"save", b"result.tar", b"a", b"b.csv", b".hidden", b"-rf",
    b"two words", b"line\nfeed", b"\x1b[2J", b"\xff\xfe",
    "\u202egnp.exe".encode(), b"x" * 255, b"...", b"state ",
)  # fmt: skip
_SIZES = (0, 1, 4095, 4096, 4097, 10_000, 2**20, 2**33, 2**62)
"""The large ones are holes."""
_DEPTH = 1200
"""Deeper than Python recurses, and than a process may have folders open."""


class HostileTask:
    """Does one thing after another in `folder`; `secret` is what it would like to read or hit."""

    def __init__(self, folder: Path, secret: Path) -> None:
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self._secret = os.fsencode(secret)
        self._secret_inode = secret.stat().st_ino
        self._deeds: tuple[Callable[[Choices, bytes], None], ...] = (
            self._write, self._hole, self._link_out, self._link_in, self._second_name,
            self._steal_name, self._special, self._folder_in, self._rename, self._remove,
            self._close_off, self._dig,
        )  # fmt: skip

    def act(self, choices: Choices) -> None:
        """Do the next thing; what the kernel refuses, it refuses."""
        deed, name = choices.one_of(self._deeds), choices.one_of(NAMES)
        with contextlib.suppress(OSError):
            deed(choices, name)

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._folder)

    def _open(self, name: bytes) -> int:
        self._spare_secret(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
        return os.open(name, flags, 0o644, dir_fd=self._folder)

    def _spare_secret(self, name: bytes) -> None:
        """Do not what the secret's mode would keep a real task from; a test may run as root."""
        with contextlib.suppress(FileNotFoundError):
            if (
                os.stat(name, dir_fd=self._folder, follow_symlinks=False).st_ino
                == self._secret_inode
            ):
                raise PermissionError

    def _write(self, choices: Choices, name: bytes) -> None:
        descriptor = self._open(name)
        os.write(descriptor, b"%d" % choices.number(256) * (1 + choices.number(4) * 700))
        os.close(descriptor)

    def _hole(self, choices: Choices, name: bytes) -> None:
        descriptor = self._open(name)
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, choices.one_of(_SIZES))
        os.close(descriptor)

    def _link_out(self, choices: Choices, name: bytes) -> None:
        up = b"../" * 3 + b"home/secret"
        to = choices.one_of((self._secret, up, name, b"nowhere", b"/dev/zero", b".", b".."))
        os.symlink(to, name, dir_fd=self._folder)

    def _link_in(self, choices: Choices, name: bytes) -> None:
        os.symlink(choices.one_of(NAMES), name, dir_fd=self._folder)

    def _second_name(self, choices: Choices, name: bytes) -> None:
        old = choices.one_of(NAMES)
        os.link(old, name, src_dir_fd=self._folder, dst_dir_fd=self._folder, follow_symlinks=False)

    def _steal_name(self, _choices: Choices, name: bytes) -> None:
        os.link(self._secret, name, dst_dir_fd=self._folder)

    def _special(self, choices: Choices, name: bytes) -> None:
        kinds = (stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFCHR, stat.S_IFBLK)
        os.mknod(name, choices.one_of(kinds) | 0o666, os.makedev(1, 5), dir_fd=self._folder)

    def _folder_in(self, _choices: Choices, name: bytes) -> None:
        os.mkdir(name, dir_fd=self._folder)

    def _rename(self, choices: Choices, name: bytes) -> None:
        old = choices.one_of(NAMES)
        os.rename(old, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)

    def _remove(self, _choices: Choices, name: bytes) -> None:
        os.unlink(name, dir_fd=self._folder)

    def _close_off(self, choices: Choices, name: bytes) -> None:
        self._spare_secret(name)
        if stat.S_ISLNK(os.lstat(name, dir_fd=self._folder).st_mode):
            return  # chmod would follow it
        os.chmod(name, choices.one_of((0, 0o200, 0o444)), dir_fd=self._folder)

    def _dig(self, choices: Choices, name: bytes) -> None:
        """Make folders in folders; rarely, since deep ones take their time."""
        depth = _DEPTH if choices.number(256) == 255 else 3
        here = os.dup(self._folder)
        try:
            for _ in range(depth):
                os.mkdir(name[:40], dir_fd=here)
                there = os.open(name[:40], os.O_RDONLY | os.O_DIRECTORY, dir_fd=here)
                os.close(here)
                here = there
            os.symlink(self._secret, b"link", dir_fd=here)
        finally:
            os.close(here)
