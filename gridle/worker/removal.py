"""Removes a folder that a hostile task has filled: however deep, closed off or full it is.

The standard library's way recurses and keeps a folder open at each level, so a task that digs deep
enough would stay on the disk for ever.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

_FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_AT_A_TIME = 1000
"""So many entries are held in memory, of however many there are."""


def remove_tree(folder: Path) -> None:
    """Remove a file, or a folder with everything in it; one that is not there is fine.

    No link is followed. Folders in folders are first moved up, so that no path grows and two are
    open at most.

    Raises:
        OSError: something of it could not be removed.
    """
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink(missing_ok=True)
        return
    if os.rename not in os.supports_dir_fd:
        shutil.rmtree(folder)  # on Windows, where paths have an end
        return
    with _opened(os.fspath(folder), None) as top:
        while entries := _some(top):
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    _move_up(entry.name, top)
                    os.rmdir(entry.name, dir_fd=top)
                else:
                    os.unlink(entry.name, dir_fd=top)
    folder.rmdir()


def _move_up(name: str, top: int) -> None:
    """Empty a folder of `top`: its files go, its folders move beside it."""
    with _opened(name, top) as inner:
        while entries := _some(inner):
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    _open_up(entry.name, inner)  # moving writes its `..`
                    new = secrets.token_hex(16)  # none that is there
                    os.rename(entry.name, new, src_dir_fd=inner, dst_dir_fd=top)
                else:
                    os.unlink(entry.name, dir_fd=inner)


@contextmanager
def _opened(name: str, parent: int | None) -> Iterator[int]:
    if parent is not None:
        _open_up(name, parent)
    descriptor = os.open(name, _FOLDER_FLAGS, dir_fd=parent)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open_up(name: str, parent: int) -> None:
    """Take back a folder that a task has closed off, and nothing that a link there names."""
    if os.chmod in os.supports_follow_symlinks:
        os.chmod(name, 0o700, dir_fd=parent, follow_symlinks=False)
        return
    descriptor = os.open(name, os.O_PATH | _FOLDER_FLAGS, dir_fd=parent)
    try:
        os.chmod(f"/proc/self/fd/{descriptor}", 0o700)  # noqa: PTH101 - as open(2) has it for O_PATH
    finally:
        os.close(descriptor)


def _some(folder: int) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(islice(entries, _AT_A_TIME))
