"""A line is followed until it is gone, and given back whatever happens."""

from __future__ import annotations

import threading

from gridle.worker.probes.presence.reconnecting import LineGoneError, Reconnecting

DEADLINE_S = 10.0


class FakeLine:
    """A line that blocks until it is interrupted."""

    def __init__(self) -> None:
        self.interrupted = threading.Event()
        self.disconnects = 0

    def interrupt(self) -> None:
        self.interrupted.set()

    def disconnect(self) -> None:
        self.disconnects += 1

    def follow(self) -> None:
        assert self.interrupted.wait(DEADLINE_S)
        raise LineGoneError


def test_closing_interrupts_the_line_and_gives_it_back() -> None:
    line = FakeLine()

    def follow(followed: FakeLine) -> None:
        link.answered()
        followed.follow()

    link = Reconnecting("test", lambda: line, follow)
    link.start()
    link.close()
    assert link.is_closing
    assert line.disconnects == 1


def test_a_line_that_breaks_is_opened_again() -> None:
    lines: list[FakeLine] = []
    came_back = threading.Event()

    def connect() -> FakeLine:
        lines.append(FakeLine())
        return lines[-1]

    def follow(line: FakeLine) -> None:
        link.answered()
        if len(lines) == 1:
            raise LineGoneError
        came_back.set()
        line.follow()

    link = Reconnecting("test", connect, follow)
    link.start()
    assert came_back.wait(DEADLINE_S)
    link.close()
    assert [line.disconnects for line in lines] == [1, 1]


def test_what_cannot_be_reached_does_not_hold_up_the_start_nor_the_close() -> None:
    def refuse() -> FakeLine:
        raise LineGoneError

    link = Reconnecting("test", refuse, FakeLine.follow)
    link.start()
    link.close()
    assert link.is_closing
    assert not any(thread.name == "test" for thread in threading.enumerate())


def test_what_never_began_can_be_closed() -> None:
    Reconnecting("test", FakeLine, FakeLine.follow).close()
