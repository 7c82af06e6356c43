"""What the kernel calls out to everybody who listens: plugs, links and routes (netlink(7))."""

from __future__ import annotations

import contextlib
import socket

_NETLINK_ROUTE = 0
_NETLINK_KOBJECT_UEVENT = 15
_RTMGRP_LINK = 0x1
_RTMGRP_IPV4_ROUTE = 0x40
_RTMGRP_IPV6_ROUTE = 0x400
_KERNEL_EVENTS = 0x1
_MOST_BYTES = 16384
_MOST_MESSAGES = 256


class NetlinkBell:
    """A netlink socket on which a message with `mark` in it rings.

    Only the kernel's own messages count (port number 0): any program may write to such a socket.
    """

    def __init__(self, listener: socket.socket, mark: bytes = b"") -> None:
        self._listener = listener
        self._mark = mark

    def fileno(self) -> int:
        """Return what to poll."""
        return self._listener.fileno()

    def heard(self) -> bool:
        """Take out what has come; returns whether any of it is worth a look."""
        rang = False
        for _ in range(_MOST_MESSAGES):
            try:
                message, (sender, _groups) = self._listener.recvfrom(_MOST_BYTES)
            except BlockingIOError:
                return rang
            except OSError:  # ENOBUFS: messages were lost, so anything may have changed
                return True
            rang = rang or (sender == 0 and self._mark in message)
        return rang

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()


def power_bell() -> NetlinkBell | None:
    """Ring when a power supply changes (a plug, a battery's state); needs no privilege."""
    return _listen(_NETLINK_KOBJECT_UEVENT, _KERNEL_EVENTS, b"SUBSYSTEM=power_supply\0")


def network_bell() -> NetlinkBell | None:
    """Ring when a link or a route changes (rtnetlink(7)); needs no privilege."""
    return _listen(_NETLINK_ROUTE, _RTMGRP_LINK | _RTMGRP_IPV4_ROUTE | _RTMGRP_IPV6_ROUTE)


def _listen(protocol: int, groups: int, mark: bytes = b"") -> NetlinkBell | None:
    with contextlib.ExitStack() as undo:
        try:
            kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
            listener = undo.enter_context(socket.socket(socket.AF_NETLINK, kind, protocol))
            listener.bind((0, groups))
        except OSError:
            return None
        undo.pop_all()
        return NetlinkBell(listener, mark)
