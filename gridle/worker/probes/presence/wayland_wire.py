"""Wayland's wire format: messages to bytes and back, with bounds on whatever comes in. Pure.

A message is two words (the object; size and opcode) and its arguments, each filled up to whole
words in the machine's own byte order (the Wayland book, "Wire Format"). Gridle needs about ten
requests and fifteen events of four protocols, so it speaks them itself: a binding would bring
cffi and generated code, and none ships the newer protocols. File descriptors are not needed.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_WORD = struct.Struct("=I")
_HEADER = struct.Struct("=II")
_OPCODE_BITS = 16
_OPCODE_MASK = 0xFFFF


class WireError(Exception):
    """What came in is not Wayland."""


@dataclass(frozen=True)
class Message:
    """One event of the server."""

    object_id: int
    opcode: int
    untrusted_arguments: bytes


def uint(value: int) -> bytes:
    """Return an unsigned number, an object or the id of a new object whose kind is known."""
    return _WORD.pack(value)


def string(text: str) -> bytes:
    """Return a string, its terminating zero counted."""
    data = text.encode() + b"\0"
    return _WORD.pack(len(data)) + data + bytes(-len(data) % _WORD.size)


def request(object_id: int, opcode: int, *arguments: bytes) -> bytes:
    """Return a whole message to the server."""
    body = b"".join(arguments)
    size = _HEADER.size + len(body)
    return _HEADER.pack(object_id, size << _OPCODE_BITS | opcode) + body


class Arguments:
    """Reads the arguments of one message, in their order; raises `WireError` past its end."""

    def __init__(self, untrusted_data: bytes) -> None:
        self._data = untrusted_data
        self._at = 0

    def uint(self) -> int:
        """Read an unsigned number, an object or a new id."""
        return int(_WORD.unpack(self._take(_WORD.size))[0])

    def array(self) -> bytes:
        """Read a block of bytes."""
        size = self.uint()
        data = self._take(size)
        self._take(-size % _WORD.size)
        return data

    def string(self) -> str:
        """Read a string; the null string is the empty one."""
        data = self.array()
        if data and data[-1] != 0:
            raise WireError
        return data[:-1].decode(errors="replace")

    def uints(self) -> tuple[int, ...]:
        """Read a block of bytes as the unsigned numbers that it holds."""
        data = self.array()
        if len(data) % _WORD.size:
            raise WireError
        return tuple(int(each[0]) for each in _WORD.iter_unpack(data))

    def _take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise WireError
        taken = self._data[self._at : end]
        self._at = end
        return taken


class MessageStream:
    """Cuts a stream of bytes into messages; holds at most one unfinished message (64 KiB)."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, untrusted_data: bytes) -> list[Message]:
        """Take in bytes and return the messages that are now whole.

        Raises:
            WireError: a size that no message can have.
        """
        data = self._rest + untrusted_data
        messages = []
        at = 0
        while len(data) - at >= _HEADER.size:
            object_id, word = _HEADER.unpack_from(data, at)
            size = word >> _OPCODE_BITS
            if size < _HEADER.size or size % _WORD.size:
                raise WireError
            if len(data) - at < size:
                break
            arguments = data[at + _HEADER.size : at + size]
            messages.append(Message(object_id, word & _OPCODE_MASK, arguments))
            at += size
        self._rest = data[at:]
        return messages
