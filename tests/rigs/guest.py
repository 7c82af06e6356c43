"""A guest's memory without a guest, and WASI's calls upon it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

from gridle.worker.sandbox.host.folders import Folder
from gridle.worker.sandbox.host.guest_memory import GuestMemory
from gridle.worker.sandbox.host.library import Extern
from gridle.worker.sandbox.host.open_files import OpenFiles
from gridle.worker.sandbox.host.wasi_errno import GuestError, of_host
from gridle.worker.sandbox.host.wasi_files import FileCalls
from gridle.worker.sandbox.host.wasi_paths import PathCalls
from gridle.worker.sandbox.host.wasi_world import WorldCalls

MEMORY_BYTES = 2**16
IN, OUT = 3, 4
READ, WRITE = 1 << 1, 1 << 6
CREATE, DIRECTORY, EXCLUSIVE, TRUNCATE = 1, 2, 4, 8


class Library:
    """The two calls of wasmtime's that tell where a memory is."""

    def __init__(self, size: int = MEMORY_BYTES) -> None:
        self.memory = ctypes.create_string_buffer(size)

    def wasmtime_memory_data(self, _context: int, _item: int) -> int:
        return ctypes.addressof(self.memory)

    def wasmtime_memory_data_size(self, _context: int, _item: int) -> int:
        return len(self.memory)


def guest_memory(library: Library) -> GuestMemory:
    return GuestMemory(library, 0, Extern())  # type: ignore[arg-type] # it asks for no more


class Guest:
    """All calls, over folders `in` and `out` below `folder`."""

    def __init__(self, folder: Path, stream: int = 2, seed: bytes = b"seed") -> None:
        for name in ("in", "out"):
            (folder / name).mkdir()
        self.folders = (
            Folder(str(folder / "in"), "/in", writable=False),
            Folder(str(folder / "out"), "/out", writable=True),
        )
        self.open_files = OpenFiles(self.folders, (stream, stream, stream))
        self.memory = guest_memory(Library())
        self.files = FileCalls(self.open_files)
        self.paths = PathCalls(self.open_files)
        self.world = WorldCalls(["task", "é"], seed, self.open_files)
        for side in (self.files, self.paths, self.world):
            side.memory = self.memory

    def put(self, at: int, text: str) -> tuple[int, int]:
        """Write a text, and return where it is."""
        data = text.encode()
        self.memory.write(at, data)
        return at, len(data)

    def open(self, folder: int, path: str, how: int = 0, rights: int = READ, flags: int = 0) -> int:
        """Open a path and return its number."""
        at, length = self.put(40_000, path)
        self.paths.path_open(folder, 0, at, length, how, rights, 0, flags, 50_000)
        return self.memory.number(50_000, 4)

    def write(self, number: int, text: str) -> int:
        """Write at the position and return how much was."""
        at, length = self.put(30_000, text)
        self.memory.put(29_000, at, 4)
        self.memory.put(29_004, length, 4)
        self.files.fd_write(number, 29_000, 1, 29_008)
        return self.memory.number(29_008, 4)

    def read(self, number: int, length: int) -> str:
        """Read at the position."""
        self.memory.put(29_000, 30_000, 4)
        self.memory.put(29_004, length, 4)
        self.files.fd_read(number, 29_000, 1, 29_008)
        return bytes(self.memory.view(30_000, self.memory.number(29_008, 4))).decode()


def error_of(call: Callable[[], object]) -> int:
    """Return the number that a guest would be given."""
    try:
        call()
    except GuestError as error:
        return error.number
    except OSError as error:
        return of_host(error)
    return 0
