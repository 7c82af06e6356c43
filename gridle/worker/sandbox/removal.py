"""Removing a tree that somebody hostile has built.

It may be deeper than any path may be long, than Python may recurse, and than descriptors may be
open; and its folders may be closed to their owner. So each folder is opened up and lifted to the
top before it is emptied: no path is ever longer than two names.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

_TRIES = 3
"""Some file systems skip entries of a folder from which others are being removed."""


def remove_tree(top: Path) -> None:
    """Remove a folder with everything in it; no link is followed out of it.

    Nothing may write in it any more.

    Raises:
        OSError: something of it could not be removed.
    """
    waiting = [Path(entry.path) for entry in _entries(top) if not _unlinked(entry)]
    while waiting:
        folder = waiting.pop()
        folder.chmod(0o700)
        for _ in range(_TRIES):
            folders = [Path(entry.path) for entry in _entries(folder) if not _unlinked(entry)]
            waiting += [_lifted(each, top) for each in folders]
            if not any(folder.iterdir()):
                break
        folder.rmdir()
    top.rmdir()


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)


def _unlinked(entry: os.DirEntry[str]) -> bool:
    if entry.is_dir(follow_symlinks=False):
        return False
    Path(entry.path).unlink(missing_ok=True)
    return True


def _lifted(folder: Path, top: Path) -> Path:
    folder.chmod(0o700)  # to move a folder elsewhere changes what is in it: its ..
    return folder.rename(top / f".removed-{secrets.token_hex(8)}")
