"""A bell rings for the kernel's own words on its subject."""

from __future__ import annotations

import errno
import socket
from typing import cast

import pytest

from gridle.worker.probes.machine.netlink_bell import NetlinkBell

MARK = b"SUBSYSTEM=power_supply\0"


class Line:
    """A netlink socket on which a test has said something."""

    def __init__(self, *came: tuple[bytes, int] | OSError) -> None:
        self._came = list(came)

    def recvfrom(self, _most: int) -> tuple[bytes, tuple[int, int]]:
        if not self._came:
            raise BlockingIOError
        first = self._came.pop(0)
        if isinstance(first, OSError):
            raise first
        return first[0], (first[1], 1)


@pytest.mark.parametrize(
    ("came", "rings"),
    [
        ([(b"change@/x\0" + MARK, 0)], True),
        ([(b"add@/x\0SUBSYSTEM=block\0", 0), (b"change@/x\0" + MARK, 0)], True),
        ([(b"add@/x\0SUBSYSTEM=block\0", 0)], False),
        ([(b"change@/x\0" + MARK, 4711)], False),
        ([OSError(errno.ENOBUFS, "lost")], True),
        ([], False),
    ],
)
def test_what_rings(came: list[tuple[bytes, int] | OSError], rings: bool) -> None:  # noqa: FBT001 - the expected answer
    bell = NetlinkBell(cast("socket.socket", Line(*came)), MARK)
    assert bell.heard() is rings
    assert not bell.heard()


def test_a_flood_is_taken_in_bit_by_bit() -> None:
    bell = NetlinkBell(cast("socket.socket", Line(*[(MARK, 0)] * 300)), MARK)
    assert bell.heard()
    assert bell.heard()
    assert not bell.heard()
