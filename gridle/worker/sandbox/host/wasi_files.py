"""WASI preview 1's calls on files and folders.

After its witx files (WebAssembly/WASI, legacy/preview1). Offsets in memory are those of the
structures there.
"""

from __future__ import annotations

import os

from gridle.worker.sandbox.host.folders import Folder, Opened, OpenFiles, check_file
from gridle.worker.sandbox.host.virtual import BEGIN_NS, sha256
from gridle.worker.sandbox.host.wasi_errno import (
    BADF,
    INVAL,
    ISDIR,
    NOENT,
    NOTDIR,
    NOTSUP,
    ROFS,
    SPIPE,
    XDEV,
    GuestError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gridle.worker.sandbox.host.guest_memory import GuestMemory

_UNKNOWN, _DIRECTORY, _REGULAR = 0, 3, 4
_CREATE, _DIRECTORY_ONLY, _EXCLUSIVE, _TRUNCATE = 1, 2, 4, 8
_APPEND = 1
_READS = 1 << 1 | 1 << 14
_WRITES = 1 << 6 | 1 << 8 | 1 << 22
"""Rights by which a file is opened for writing: fd_write, fd_allocate, fd_filestat_set_size."""
_ALL_RIGHTS = 2**29 - 1
_STREAM_RIGHTS = 1 << 1 | 1 << 6
_DIRENT_BYTES = 24


class FileCalls:
    """Each method is the call of its name, on words as they come; memory is set before each."""

    memory: GuestMemory

    def __init__(self, files: OpenFiles) -> None:
        self._files = files

    def fd_close(self, number: int) -> None:
        self._get(number)
        self._files.drop(number)

    def fd_renumber(self, number: int, to: int) -> None:
        self._get(number)
        self._get(to)
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
        opened = self._get(number)
        if opened.folder is not None and not opened.is_folder:
            os.fsync(opened.descriptor)

    fd_datasync = fd_sync

    def fd_advise(self, number: int, _offset: int, _length: int, _advice: int) -> None:
        self._seekable(number)

    def fd_allocate(self, number: int, offset: int, length: int) -> None:
        descriptor = self._seekable(number).descriptor
        end = _offset(offset) + _offset(length)
        if os.fstat(descriptor).st_size < end:
            os.ftruncate(descriptor, _offset(end))

    def fd_fdstat_get(self, number: int, at: int) -> None:
        opened = self._get(number)
        self.memory.write(at, bytes(24))
        self.memory.put(at, _kind(opened), 1)
        self.memory.put(at + 2, _APPEND if opened.appends else 0, 2)
        rights = _STREAM_RIGHTS if opened.folder is None else _ALL_RIGHTS
        self.memory.put(at + 8, rights, 8)
        self.memory.put(at + 16, rights if opened.is_folder else 0, 8)

    def fd_fdstat_set_flags(self, number: int, flags: int) -> None:
        self._get(number).appends = bool(flags & _APPEND)

    def fd_fdstat_set_rights(self, number: int, _base: int, _inheriting: int) -> None:
        self._get(number)

    def fd_filestat_get(self, number: int, at: int) -> None:
        opened = self._get(number)
        plain = opened.folder is not None and not opened.is_folder
        size = os.fstat(opened.descriptor).st_size if plain else 0
        self._put_stat(at, opened, size)

    def fd_filestat_set_size(self, number: int, size: int) -> None:
        os.ftruncate(self._seekable(number).descriptor, _offset(size))

    def fd_filestat_set_times(self, number: int, _atime: int, _mtime: int, _flags: int) -> None:
        self._get(number)  # times are the same for ever

    def fd_prestat_get(self, number: int, at: int) -> None:
        folder = self._given(number)
        self.memory.put(at, 0, 4)
        self.memory.put(at + 4, len(folder.name), 4)

    def fd_prestat_dir_name(self, number: int, at: int, length: int) -> None:
        self.memory.write(at, self._given(number).name.encode()[:length])

    def fd_readdir(self, number: int, at: int, length: int, cookie: int, used_at: int) -> None:
        opened = self._get(number)
        if opened.folder is None or not opened.is_folder:
            raise GuestError(NOTDIR)
        if cookie == 0:
            opened.listing = [".", "..", *opened.folder.names()]
        used = 0
        for index in range(min(cookie, len(opened.listing)), len(opened.listing)):
            entry = _entry(opened.folder, opened.listing[index], index + 1)[: length - used]
            self.memory.write(at + used, entry)
            used += len(entry)
            if used == length:
                break
        self.memory.put(used_at, used, 4)

    def path_open(  # noqa: PLR0913 - as many as WASI has
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
        opened.appends = bool(flags & _APPEND)
        self.memory.put(opened_at, self._files.add(opened), 4)

    def path_filestat_get(self, number: int, _flags: int, path: int, length: int, at: int) -> None:
        folder, name = self._at(number, path, length)
        stands_for = Opened(0 if name else -1, folder, name)
        self._put_stat(at, stands_for, folder.size(name) if name else 0)

    def path_filestat_set_times(  # noqa: PLR0913 - as many as WASI has
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

    def path_rename(  # noqa: PLR0913 - as many as WASI has
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

    def path_symlink(self, _old: int, _old_length: int, number: int, path: int, length: int) -> None:
        self.path_create_directory(number, path, length)

    def path_link(  # noqa: PLR0913 - as many as WASI has
        self, number: int, _f: int, path: int, length: int, to: int, to_path: int, to_length: int
    ) -> None:
        folder, name = self._at(number, path, length)
        folder.size(name)
        self.path_create_directory(to, to_path, to_length)

    def path_readlink(  # noqa: PLR0913 - as many as WASI has
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

    def _get(self, number: int) -> Opened:
        opened = self._files.get(number)
        if opened is None:
            raise GuestError(BADF)
        return opened

    def _file(self, number: int) -> Opened:
        opened = self._get(number)
        check_file(opened)
        return opened

    def _seekable(self, number: int) -> Opened:
        opened = self._file(number)
        if opened.folder is None:
            raise GuestError(SPIPE)
        return opened

    def _given(self, number: int) -> Folder:
        folder = self._get(number).folder
        if folder is None or number not in self._files.given:
            raise GuestError(BADF)
        return folder

    def _at(self, number: int, path: int, length: int) -> tuple[Folder, str]:
        opened = self._get(number)
        if opened.folder is None or not opened.is_folder:
            raise GuestError(NOTDIR)
        return opened.folder, opened.folder.resolve(self.memory.text(path, length))

    def _put_stat(self, at: int, opened: Opened, size: int) -> None:
        self.memory.write(at, bytes(64))
        if opened.folder is not None:
            self.memory.put(at + 8, _number_of(opened.folder, opened.name), 8)
        self.memory.put(at + 16, _kind(opened), 1)
        self.memory.put(at + 24, 1, 8)
        self.memory.put(at + 32, size, 8)
        for time_at in (40, 48, 56):
            self.memory.put(at + time_at, BEGIN_NS, 8)


def _open_folder(folder: Folder, how: int) -> Opened:
    if how & (_CREATE | _EXCLUSIVE | _TRUNCATE):
        raise GuestError(ISDIR)
    return Opened(-1, folder)


def _open_file(folder: Folder, name: str, how: int, rights: int) -> Opened:
    if how & _DIRECTORY_ONLY:
        folder.size(name)
        raise GuestError(NOTDIR)
    writes = bool(rights & _WRITES) or bool(how & _TRUNCATE)
    reads = bool(rights & _READS) or not writes
    flags = (os.O_RDWR if reads else os.O_WRONLY) if writes else os.O_RDONLY
    if how & _CREATE:
        folder.place_to_make(name)
        flags |= os.O_CREAT | (os.O_EXCL if how & _EXCLUSIVE else 0)
    elif writes and not folder.writable:
        raise GuestError(ROFS if folder.holds(name) else NOENT)
    flags |= os.O_TRUNC if how & _TRUNCATE else 0
    return Opened(folder.open(name, flags), folder, name)


def _entry(folder: Folder, name: str, following: int) -> bytes:
    is_file = name not in (".", "..")
    number = _number_of(folder, name if is_file else "")
    kind = _REGULAR if is_file else _DIRECTORY
    figures = ((following, 8), (number, 8), (len(name), 4), (kind, 4))
    return b"".join(each.to_bytes(size, "little") for each, size in figures) + name.encode()


def _kind(opened: Opened) -> int:
    if opened.is_folder:
        return _DIRECTORY
    return _UNKNOWN if opened.folder is None else _REGULAR


def _number_of(folder: Folder, name: str) -> int:
    """Return what stands for an inode number: it goes with the name, whatever the disk says."""
    digest = sha256(f"{folder.name}/{name}".encode()).digest()
    return int.from_bytes(digest[:7], "little")


def _offset(number: int) -> int:
    if number >= 2**63:
        raise GuestError(INVAL)
    return number
