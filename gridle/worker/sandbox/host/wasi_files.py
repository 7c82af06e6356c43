"""WASI preview 1's calls on what is open: files, folders and streams.

After its witx files (WebAssembly/WASI, legacy/preview1).
"""

# ruff: noqa: D102 - each call is described there

from __future__ import annotations

import os

from gridle.worker.sandbox.host.folders import Folder
from gridle.worker.sandbox.host.open_files import Opened, OpenFiles
from gridle.worker.sandbox.host.wasi_errno import (
    BADF,
    INVAL,
    ISDIR,
    NOTDIR,
    NOTSUP,
    SPIPE,
    GuestError,
)
from gridle.worker.sandbox.host.wasi_records import APPEND, dirent, fdstat, filestat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gridle.worker.sandbox.host.guest_memory import GuestMemory


class FileCalls:
    """Each method is the call of its name, on words as they come; memory is set before each."""

    memory: GuestMemory

    def __init__(self, files: OpenFiles) -> None:
        self._files = files

    def fd_close(self, number: int) -> None:
        self._files.need(number)
        self._files.drop(number)

    def fd_renumber(self, number: int, to: int) -> None:
        self._files.need(number)
        self._files.need(to)
        self._files.move(number, to)

    def fd_read(self, number: int, buffers: int, count: int, read_at: int) -> None:
        opened = self._file(number)
        views = self.memory.buffers(buffers, count)
        got = os.readv(opened.descriptor, views) if opened.folder and views else 0
        self.memory.put(read_at, got, 4)

    def fd_pread(self, number: int, buffers: int, count: int, offset: int, read_at: int) -> None:
        opened = self._seekable(number)
        views = self.memory.buffers(buffers, count)
        got = os.preadv(opened.descriptor, views, _offset(offset)) if views else 0
        self.memory.put(read_at, got, 4)

    def fd_write(self, number: int, buffers: int, count: int, written_at: int) -> None:
        opened = self._file(number)
        views = self.memory.buffers(buffers, count)
        if opened.appends:
            os.lseek(opened.descriptor, 0, os.SEEK_END)
        self.memory.put(written_at, os.writev(opened.descriptor, views) if views else 0, 4)

    def fd_pwrite(self, number: int, buffers: int, count: int, offset: int, at: int) -> None:
        opened = self._seekable(number)
        views = self.memory.buffers(buffers, count)
        put = os.pwritev(opened.descriptor, views, _offset(offset)) if views else 0
        self.memory.put(at, put, 4)

    def fd_seek(self, number: int, offset: int, whence: int, position_at: int) -> None:
        if not 0 <= whence <= 2:  # noqa: PLR2004 - set, cur, end, as POSIX counts them
            raise GuestError(INVAL)
        signed = offset - 2**64 if offset >= 2**63 else offset
        position = os.lseek(self._seekable(number).descriptor, signed, whence)
        self.memory.put(position_at, position, 8)

    def fd_tell(self, number: int, position_at: int) -> None:
        self.fd_seek(number, 0, os.SEEK_CUR, position_at)

    def fd_sync(self, number: int) -> None:
        opened = self._files.need(number)
        if opened.is_file:
            os.fsync(opened.descriptor)

    fd_datasync = fd_sync

    def fd_advise(self, number: int, _offset: int, _length: int, _advice: int) -> None:
        self._seekable(number)

    def fd_allocate(self, number: int, _offset: int, _length: int) -> None:
        self._seekable(number)
        raise GuestError(NOTSUP)  # a longer file alone would be a promise of room that is not kept

    def fd_fdstat_get(self, number: int, at: int) -> None:
        self.memory.write(at, fdstat(self._files.need(number)))

    def fd_fdstat_set_flags(self, number: int, flags: int) -> None:
        self._files.need(number).appends = bool(flags & APPEND)

    def fd_fdstat_set_rights(self, number: int, _base: int, _inheriting: int) -> None:
        self._files.need(number)

    def fd_filestat_get(self, number: int, at: int) -> None:
        opened = self._files.need(number)
        size = os.fstat(opened.descriptor).st_size if opened.is_file else 0
        self.memory.write(at, filestat(opened.folder, opened.name, size))

    def fd_filestat_set_size(self, number: int, size: int) -> None:
        os.ftruncate(self._seekable(number).descriptor, _offset(size))

    def fd_filestat_set_times(self, number: int, _atime: int, _mtime: int, _flags: int) -> None:
        self._files.need(number)  # times are the same for ever

    def fd_prestat_get(self, number: int, at: int) -> None:
        folder = self._given(number)
        self.memory.put(at, 0, 4)
        self.memory.put(at + 4, len(folder.name), 4)

    def fd_prestat_dir_name(self, number: int, at: int, length: int) -> None:
        self.memory.write(at, self._given(number).name.encode()[:length])

    def fd_readdir(self, number: int, at: int, length: int, cookie: int, used_at: int) -> None:
        opened = self._files.need(number)
        if opened.folder is None or not opened.is_folder:
            raise GuestError(NOTDIR)
        if cookie == 0:
            opened.listing = [".", "..", *opened.folder.names()]
        used = 0
        for index in range(min(cookie, len(opened.listing)), len(opened.listing)):
            entry = dirent(opened.folder, opened.listing[index], index + 1)[: length - used]
            self.memory.write(at + used, entry)
            used += len(entry)
            if used == length:
                break
        self.memory.put(used_at, used, 4)

    def _file(self, number: int) -> Opened:
        opened = self._files.need(number)
        if opened.is_folder:
            raise GuestError(ISDIR)
        return opened

    def _seekable(self, number: int) -> Opened:
        opened = self._file(number)
        if opened.folder is None:
            raise GuestError(SPIPE)
        return opened

    def _given(self, number: int) -> Folder:
        folder = self._files.need(number).folder
        if folder is None or number not in self._files.given:
            raise GuestError(BADF)
        return folder


def _offset(number: int) -> int:
    if number >= 2**63:
        raise GuestError(INVAL)
    return number
