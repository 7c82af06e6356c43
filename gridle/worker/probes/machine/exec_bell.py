"""What the kernel calls out when a process becomes another program.

Source: kernel, linux/cn_proc.h and drivers/connector/cn_proc.c; the filter's language is that of
Documentation/networking/filter.rst. Listening needs CAP_NET_ADMIN, so this is for workers that
run as a service of the system; a user's own worker looks at the list of processes instead.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct

_NETLINK_CONNECTOR = 11
_CN_IDX_PROC = 1
_CN_VAL_PROC = 1
_LISTEN = 1
_IGNORE = 2
_EXEC = 2
_NLMSG_DONE = 3
_HEADER = struct.Struct("=IHHII")
_CONNECTOR = struct.Struct("=IIIIHH")
_EVENT_AT = _HEADER.size + _CONNECTOR.size
_PID_AT = _EVENT_AT + 20
"""After what (4), cpu (4), time (8) and the thread's number (4) comes the process's."""
_SO_ATTACH_FILTER = 26
_SOL_NETLINK = 270
_NETLINK_ADD_MEMBERSHIP = 1
_NETLINK_DROP_MEMBERSHIP = 2
_MOST_BYTES = 512
_MOST_MESSAGES = 1024


class ExecBell:
    """Rings when a program starts, while `listen` is on; forks and exits wake nobody."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._listens = False
        self._started: set[int] = set()
        self._lost = False

    def fileno(self) -> int:
        """Return what to poll."""
        return self._listener.fileno()

    def listen(self, *, on: bool) -> None:
        """Begin or end; while off, the kernel does not even queue a message."""
        if on == self._listens:
            return
        self._listens = on
        option = _NETLINK_ADD_MEMBERSHIP if on else _NETLINK_DROP_MEMBERSHIP
        with contextlib.suppress(OSError):
            _join(self._listener, option)
            self._listener.send(_request(_LISTEN if on else _IGNORE))

    def heard(self) -> bool:
        """Take in what has come; returns whether a program started (or may have)."""
        for _ in range(_MOST_MESSAGES):
            try:
                message, (sender, _groups) = self._listener.recvfrom(_MOST_BYTES)
            except BlockingIOError:
                break
            except OSError:  # ENOBUFS: messages were lost
                self._lost = True
                break
            pid = exec_pid(message) if sender == 0 else None
            self._started |= set() if pid is None else {pid}
        return self._lost or bool(self._started)

    def take(self) -> frozenset[int] | None:
        """Hand over the processes heard of since the last time; None where some were missed."""
        started, lost = frozenset(self._started), self._lost
        self._started, self._lost = set(), False
        return None if lost else started

    def close(self) -> None:
        """End listening."""
        self.listen(on=False)
        self._listener.close()


def exec_pid(message: bytes) -> int | None:
    """Return the process that became another program; None for any other message."""
    if len(message) < _PID_AT + 4:
        return None
    index, value, *_ = _CONNECTOR.unpack_from(message, _HEADER.size)
    (what,) = struct.unpack_from("=I", message, _EVENT_AT)
    if (index, value, what) != (_CN_IDX_PROC, _CN_VAL_PROC, _EXEC):
        return None
    return int(struct.unpack_from("=I", message, _PID_AT)[0])


def find_exec_bell() -> ExecBell | None:
    """Hang the bell, silent at first; None where the kernel does not let us."""
    with contextlib.ExitStack() as undo:
        try:
            kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
            listener = undo.enter_context(
                socket.socket(socket.AF_NETLINK, kind, _NETLINK_CONNECTOR)
            )
            listener.bind((0, 0))
            listener.connect((0, 0))
            _drop_all_but_exec(listener)
            _join(listener, _NETLINK_ADD_MEMBERSHIP)
            _join(listener, _NETLINK_DROP_MEMBERSHIP)
        except OSError:
            return None
        undo.pop_all()
        return ExecBell(listener)


def _join(listener: socket.socket, option: int) -> None:
    listener.setsockopt(_SOL_NETLINK, option, _CN_IDX_PROC)


def _request(operation: int) -> bytes:
    body = _CONNECTOR.pack(_CN_IDX_PROC, _CN_VAL_PROC, 0, 0, 4, 0) + struct.pack("=I", operation)
    return _HEADER.pack(_HEADER.size + len(body), _NLMSG_DONE, 0, 0, os.getpid()) + body


def _drop_all_but_exec(listener: socket.socket) -> None:
    """Let the kernel throw away all other events: a busy machine forks thousands a second."""
    # The filter machine loads words as big-endian, while the message is in the machine's order.
    wanted = int.from_bytes(struct.pack("=I", _EXEC), "big")
    steps = [(0x20, 0, 0, _EVENT_AT), (0x15, 0, 1, wanted), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    # struct sock_fprog: a count, and a pointer aligned as pointers are
    program = struct.pack("@HP", len(steps), ctypes.addressof(code))
    listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
