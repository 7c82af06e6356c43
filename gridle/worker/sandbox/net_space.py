"""A network namespace that holds a loopback device and a listener, and no way anywhere.

Linux. A thread of its own makes it (unshare(2) concerns the calling thread alone), so that the rest
of the process stays in the machine's. The standard library alone: the proxy's process reads it.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import threading
from dataclasses import dataclass

from gridle.worker.sandbox.net_request import PROXY_ADDRESS, PROXY_PORT

_CLONE_NEWNET = 0x40000000
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 0x1
_WAITING = 16


@dataclass(frozen=True)
class Space:
    """It lives for as long as one of its two files is open, or a container is in it."""

    file: int
    """A descriptor of the namespace itself (nsfs)."""
    listener: socket.socket
    """Listens inside, whoever holds it."""


def make_space() -> Space:
    """Make one; needs CAP_SYS_ADMIN, as root or in a user namespace of one's own.

    Raises:
        OSError: the kernel refused.
    """
    made: list[Space | OSError] = []

    def work() -> None:
        try:
            made.append(_make())
        except OSError as error:
            made.append(error)

    maker = threading.Thread(target=work, name="net-space")
    maker.start()
    maker.join()
    if isinstance(made[0], OSError):
        raise made[0]
    return made[0]


def _make() -> Space:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    request = struct.pack("16sH14x", b"lo", _IFF_UP)  # netdevice(7)
    fcntl.ioctl(listener, _SIOCSIFFLAGS, request)
    listener.bind((PROXY_ADDRESS, PROXY_PORT))
    listener.listen(_WAITING)
    return Space(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC), listener)
