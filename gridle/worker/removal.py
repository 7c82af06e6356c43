"""Removes a folder that a hostile task filled: however deep, however many, whatever its modes.

`shutil.rmtree` goes down by recursion, and a task can nest folders deeper than Python's stack,
or take away its own right to list them. Here every folder is moved up below the first one and
emptied there, so nothing is ever deep; no link is followed.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from itertools import count, islice
from pathlib import Path

_AT_ONCE = 4096
_FOLDER_FLAGS = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | os.O_RDONLY


def remove_tree(path: Path) -> None:
    """Remove a file, or a folder with everything in it; one that is not there is fine.

    Raises:
        OSError: something of it could not be removed.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(mode):
        path.unlink(missing_ok=True)
        return
    if os.rename not in os.supports_dir_fd:
        shutil.rmtree(path)  # Windows: paths there are too short to nest deeply
        return
    _let_us_in(path.name, mode, os.open(path.parent, _FOLDER_FLAGS))
    root = os.open(path, _FOLDER_FLAGS)
    try:
        _Emptying(root).all()
    finally:
        os.close(root)
    path.rmdir()


class _Emptying:
    """Empties one open folder."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._numbers = count()
        self._prefix = f".{secrets.token_hex(8)}-"
        self._folders: list[str] = []
        """Folders right below the root that are still to be emptied."""

    def all(self) -> None:
        self._sort_out(self._root)
        while self._folders:
            name = self._folders.pop()
            _let_us_in(name, stat.S_IFDIR, os.dup(self._root))
            folder = os.open(name, _FOLDER_FLAGS, dir_fd=self._root)
            try:
                self._sort_out(folder)
            finally:
                os.close(folder)
            os.rmdir(name, dir_fd=self._root)

    def _sort_out(self, folder: int) -> None:
        """Remove a folder's files, and move its folders up to the root."""
        while True:
            with os.scandir(folder) as entries:
                unsorted = (each for each in entries if not each.name.startswith(self._prefix))
                some = [
                    (each.name, each.is_dir(follow_symlinks=False))
                    for each in islice(unsorted, _AT_ONCE)
                ]
            if not some:
                return
            for name, is_folder in some:
                if is_folder:
                    self._move_up(name, folder)
                else:
                    os.unlink(name, dir_fd=folder)

    def _move_up(self, name: str, folder: int) -> None:
        new_name = f"{self._prefix}{next(self._numbers)}"
        os.rename(name, new_name, src_dir_fd=folder, dst_dir_fd=self._root)
        self._folders.append(new_name)


def _let_us_in(name: str, mode: int, parent: int) -> None:
    """Take back the right to list and change a folder, where its own modes deny that."""
    try:
        if mode & stat.S_IRWXU != stat.S_IRWXU:
            os.chmod(name, stat.S_IRWXU, dir_fd=parent)
    finally:
        os.close(parent)
