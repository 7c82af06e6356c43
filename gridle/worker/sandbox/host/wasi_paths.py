"""WASI preview 1's calls on paths; a folder of the worker's is as deep as they lead.

After its witx files (WebAssembly/WASI, legacy/preview1).
"""

# ruff: noqa: D102 - each call is described there

from __future__ import annotations

import os

from gridle.worker.sandbox.host.folders import Folder
from gridle.worker.sandbox.host.open_files import Opened, OpenFiles
from gridle.worker.sandbox.host.wasi_errno import (
    INVAL,
    ISDIR,
    NOENT,
    NOTDIR,
    NOTSUP,
    ROFS,
    XDEV,
    GuestError,
)
from gridle.worker.sandbox.host.wasi_records import APPEND, READS, WRITES, filestat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gridle.worker.sandbox.host.guest_memory import GuestMemory

_CREATE, _DIRECTORY_ONLY, _EXCLUSIVE, _TRUNCATE = 1, 2, 4, 8


class PathCalls:
    """Each method is the call of its name, on words as they come; memory is set before each."""

    memory: GuestMemory

    def __init__(self, files: OpenFiles) -> None:
        self._files = files

    def path_open(
        self,
        number: int,
        _follow: int,
        path: int,
        length: int,
        how: int,
        rights: int,
        _inheriting: int,
        flags: int,
        opened_at: int,
    ) -> None:
        folder, name = self._at(number, path, length)
        self._files.check_room()
        self.memory.view(opened_at, 4)
        opened = _open_folder(folder, how) if not name else _open_file(folder, name, how, rights)
        opened.appends = bool(flags & APPEND)
        self.memory.put(opened_at, self._files.add(opened), 4)

    def path_filestat_get(self, number: int, _flags: int, path: int, length: int, at: int) -> None:
        folder, name = self._at(number, path, length)
        self.memory.write(at, filestat(folder, name, folder.size(name) if name else 0))

    def path_filestat_set_times(
        self, number: int, _f: int, path: int, length: int, _atim: int, _mtim: int, _flags: int
    ) -> None:
        folder, name = self._at(number, path, length)
        if name:
            folder.size(name)

    def path_unlink_file(self, number: int, path: int, length: int) -> None:
        folder, name = self._at(number, path, length)
        if not name:
            raise GuestError(ISDIR)
        if not folder.writable:
            raise GuestError(ROFS)
        os.unlink(folder.place(name))  # noqa: PTH108 - see the package

    def path_rename(
        self, number: int, path: int, length: int, to: int, to_path: int, to_length: int
    ) -> None:
        folder, name = self._at(number, path, length)
        to_folder, to_name = self._at(to, to_path, to_length)
        if folder is not to_folder:
            raise GuestError(XDEV)
        place = folder.place_to_make(to_name)
        os.replace(folder.place(name), place)  # noqa: PTH105 - see the package

    def path_create_directory(self, number: int, path: int, length: int) -> None:
        folder, name = self._at(number, path, length)
        folder.refuse_kind(name)

    def path_symlink(
        self, _old: int, _old_length: int, number: int, path: int, length: int
    ) -> None:
        self.path_create_directory(number, path, length)

    def path_link(
        self, number: int, _f: int, path: int, length: int, to: int, to_path: int, to_length: int
    ) -> None:
        folder, name = self._at(number, path, length)
        folder.size(name)
        self.path_create_directory(to, to_path, to_length)

    def path_readlink(
        self, number: int, path: int, length: int, _at: int, _room: int, _used_at: int
    ) -> None:
        folder, name = self._at(number, path, length)
        folder.size(name)
        raise GuestError(INVAL)

    def path_remove_directory(self, number: int, path: int, length: int) -> None:
        folder, name = self._at(number, path, length)
        if not name:
            raise GuestError(NOTSUP)
        folder.size(name)
        raise GuestError(NOTDIR)

    def _at(self, number: int, path: int, length: int) -> tuple[Folder, str]:
        opened = self._files.need(number)
        if opened.folder is None or not opened.is_folder:
            raise GuestError(NOTDIR)
        return opened.folder, opened.folder.resolve(self.memory.text(path, length))


def _open_folder(folder: Folder, how: int) -> Opened:
    if how & (_CREATE | _EXCLUSIVE | _TRUNCATE):
        raise GuestError(ISDIR)
    return Opened(-1, folder)


def _open_file(folder: Folder, name: str, how: int, rights: int) -> Opened:
    if how & _DIRECTORY_ONLY:
        folder.size(name)
        raise GuestError(NOTDIR)
    writes = bool(rights & WRITES) or bool(how & _TRUNCATE)
    reads = bool(rights & READS) or not writes
    flags = (os.O_RDWR if reads else os.O_WRONLY) if writes else os.O_RDONLY
    if how & _CREATE:
        folder.place_to_make(name)
        flags |= os.O_CREAT | (os.O_EXCL if how & _EXCLUSIVE else 0)
    elif writes and not folder.writable:
        raise GuestError(ROFS if folder.holds(name) else NOENT)
    flags |= os.O_TRUNC if how & _TRUNCATE else 0
    return Opened(folder.open(name, flags), folder, name)
