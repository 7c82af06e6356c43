"""The structures in which WASI preview 1 describes files, as bytes.

After its witx files (WebAssembly/WASI, legacy/preview1). What a file is beside its bytes is the
same on every machine: its number goes with its name, and its times are those of the task's start.
"""

from __future__ import annotations

from gridle.worker.sandbox.host.digest import sha256
from gridle.worker.sandbox.host.folders import Folder
from gridle.worker.sandbox.host.open_files import Opened
from gridle.worker.sandbox.host.virtual import BEGIN_NS

APPEND = 1
READS = 1 << 1 | 1 << 14
"""Rights by which a file is opened for reading: fd_read, fd_readdir."""
WRITES = 1 << 6 | 1 << 8 | 1 << 22
"""Rights by which it is opened for writing: fd_write, fd_allocate, fd_filestat_set_size."""
_ALL_RIGHTS = 2**29 - 1
_STREAM_RIGHTS = 1 << 1 | 1 << 6
_UNKNOWN, _DIRECTORY, _REGULAR = 0, 3, 4
_NUMBER_BYTES = 7


def filestat(folder: Folder | None, name: str, size: int) -> bytes:
    """Return a filestat; the name "" is the folder itself, and no folder a stream."""
    number = _number_of(folder, name) if folder else 0
    kind = _UNKNOWN if folder is None else _REGULAR if name else _DIRECTORY
    times = [BEGIN_NS] * 3
    return _words((0, 8), (number, 8), (kind, 8), (1, 8), (size, 8), *((ns, 8) for ns in times))


def fdstat(opened: Opened) -> bytes:
    """Return an fdstat."""
    rights = _STREAM_RIGHTS if opened.folder is None else _ALL_RIGHTS
    kind = _UNKNOWN if opened.folder is None else _DIRECTORY if opened.is_folder else _REGULAR
    inheriting = rights if opened.is_folder else 0
    return _words((kind, 2), (APPEND if opened.appends else 0, 6), (rights, 8), (inheriting, 8))


def dirent(folder: Folder, name: str, following: int) -> bytes:
    """Return a dirent with its name; `following` is the cookie of the next one."""
    is_file = name not in (".", "..")
    number = _number_of(folder, name if is_file else "")
    kind = _REGULAR if is_file else _DIRECTORY
    return _words((following, 8), (number, 8), (len(name), 4), (kind, 4)) + name.encode()


def _number_of(folder: Folder, name: str) -> int:
    digest = sha256(f"{folder.name}/{name}".encode()).digest()
    return int.from_bytes(digest[:_NUMBER_BYTES], "little")


def _words(*figures: tuple[int, int]) -> bytes:
    return b"".join(figure.to_bytes(size, "little") for figure, size in figures)
