"""Only the kernel's own word that a program started is believed."""

from __future__ import annotations

import errno
import socket
import struct
from typing import cast

from gridle.worker.probes.machine.exec_bell import ExecBell, exec_pid


def message(what: int = 2, pid: int = 77, index: int = 1) -> bytes:
    header = struct.pack("=IHHII", 76, 3, 0, 0, 0)
    connector = struct.pack("=IIIIHH", index, 1, 0, 0, 40, 0)
    event = struct.pack("=IIQII", what, 0, 123, 78, pid)
    return header + connector + event + bytes(16)


class Line:
    """A netlink socket on which a test has said something."""

    def __init__(self, *came: tuple[bytes, int] | OSError) -> None:
        self.came = list(came)
        self.asked: list[bytes] = []
        self.options: list[int] = []

    def recvfrom(self, _most: int) -> tuple[bytes, tuple[int, int]]:
        if not self.came:
            raise BlockingIOError
        first = self.came.pop(0)
        if isinstance(first, OSError):
            raise first
        return first[0], (first[1], 1)

    def setsockopt(self, _level: int, option: int, _value: int) -> None:
        self.options.append(option)

    def send(self, asked: bytes) -> None:
        self.asked.append(asked)

    def close(self) -> None:
        self.came.clear()


def bell(line: Line) -> ExecBell:
    return ExecBell(cast("socket.socket", line))


def test_the_process_that_became_another_program() -> None:
    assert exec_pid(message()) == 77
    assert exec_pid(message(what=1)) is None
    assert exec_pid(message(index=9)) is None
    assert exec_pid(message()[:50]) is None
    assert exec_pid(b"") is None


def test_what_the_kernel_said_is_handed_over_once() -> None:
    hung = bell(Line((message(pid=5), 0), (message(pid=6), 0), (message(what=1, pid=7), 0)))
    assert hung.heard()
    assert hung.take() == frozenset({5, 6})
    assert hung.take() == frozenset()
    assert not hung.heard()


def test_another_program_s_word_is_not_the_kernel_s() -> None:
    hung = bell(Line((message(), 4711)))
    assert not hung.heard()
    assert hung.take() == frozenset()


def test_lost_messages_may_have_been_anything() -> None:
    hung = bell(Line((message(), 0), OSError(errno.ENOBUFS, "lost")))
    assert hung.heard()
    assert hung.take() is None
    assert hung.take() == frozenset()


def test_it_listens_only_while_asked_to() -> None:
    line = Line()
    hung = bell(line)
    hung.listen(on=False)
    assert line.asked == []
    hung.listen(on=True)
    hung.listen(on=True)
    hung.close()
    assert line.options == [1, 2]
    assert [asked[-4:] for asked in line.asked] == [struct.pack("=I", 1), struct.pack("=I", 2)]
