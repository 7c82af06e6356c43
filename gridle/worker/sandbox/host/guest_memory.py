"""A guest's memory as its host sees it: every address that the guest names is checked."""

from __future__ import annotations

import ctypes

from gridle.worker.sandbox.host.wasi_errno import FAULT, ILSEQ, INVAL, GuestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gridle.worker.sandbox.host.library import Extern

_MOST_BUFFERS = 1024
"""In one call, as POSIX's IOV_MAX; of more than that, the first are used."""
_BUFFER_BYTES = 8


class GuestMemory:
    """Views are valid until the guest runs again: it may grow, and move, its memory."""

    def __init__(self, library: ctypes.CDLL, context: int, found: Extern) -> None:
        self._library = library
        self._context = context
        self._found = found
        self._place = (0, 0)
        self._whole = memoryview(b"")

    def view(self, address: int, length: int) -> memoryview:
        """Return these bytes, to be read and written.

        Raises:
            GuestError: they are not all inside.
        """
        whole = self._now()
        if address + length > len(whole):
            raise GuestError(FAULT)
        return whole[address : address + length]

    def number(self, address: int, size: int) -> int:
        """Return the unsigned number that stands there, little-endian."""
        return int.from_bytes(self.view(address, size), "little")

    def put(self, address: int, number: int, size: int) -> None:
        """Write an unsigned number there, little-endian."""
        self.view(address, size)[:] = number.to_bytes(size, "little")

    def write(self, address: int, data: bytes) -> None:
        """Write bytes there."""
        self.view(address, len(data))[:] = data

    def text(self, address: int, length: int) -> str:
        """Return the text that stands there."""
        try:
            return str(self.view(address, length), "utf-8")
        except UnicodeDecodeError as error:
            raise GuestError(ILSEQ) from error

    def buffers(self, address: int, count: int) -> list[memoryview]:
        """Return what an array of iovecs names."""
        if count < 0:
            raise GuestError(INVAL)
        views = []
        for index in range(min(count, _MOST_BUFFERS)):
            at = address + index * _BUFFER_BYTES
            views.append(self.view(self.number(at, 4), self.number(at + 4, 4)))
        return views

    def _now(self) -> memoryview:
        item = self._found.item()
        base = self._library.wasmtime_memory_data(self._context, item) or 0
        size = self._library.wasmtime_memory_data_size(self._context, item)
        if self._place != (base, size):
            self._place = (base, size)
            array = (ctypes.c_ubyte * size).from_address(base) if size else bytearray()
            self._whole = memoryview(array).cast("B")
        return self._whole
