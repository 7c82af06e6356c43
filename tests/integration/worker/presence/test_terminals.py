"""Somebody typing, seen through a real pseudo-terminal."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.worker.probes.presence.terminals import Terminals
from tests.rigs.calls import until

LONG_AGO_S = 5000.0


class Terminal:
    """A pseudo-terminal with a person at one end and a program at the other."""

    def __init__(self) -> None:
        self._person, self._program = os.openpty()
        self.device = Path(os.ttyname(self._program))
        past = time.time() - LONG_AGO_S
        os.utime(self.device, (past, past))

    def type(self) -> None:
        os.write(self._person, b"x\n")
        os.read(self._program, 10)

    def print(self) -> None:
        os.write(self._program, b"x\n")
        os.read(self._person, 10)

    def close(self) -> None:
        os.close(self._person)
        os.close(self._program)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal()
    (tmp_path / "pts").mkdir()
    (tmp_path / "pts" / terminal.device.name).symlink_to(terminal.device)
    yield terminal
    terminal.close()


def test_typing_is_seen_at_the_next_look_and_printing_never(
    tmp_path: Path, terminal: Terminal
) -> None:
    watch = Terminals(tmp_path)
    watch.start(lambda: None)
    assert (watch.read().seconds_since_input or 0) > LONG_AGO_S - 100
    terminal.print()
    printed_at = time.monotonic()
    until(lambda: time.monotonic() > printed_at + 0.7)  # longer than from look to look
    assert (watch.read().seconds_since_input or 0) > LONG_AGO_S - 100
    terminal.type()
    typed_at = time.monotonic()
    until(lambda: (watch.read().seconds_since_input or 0) < LONG_AGO_S - 100)
    assert time.monotonic() - typed_at < 2.0
    assert (watch.read().seconds_since_input or 0) < 2.0


def test_the_terminals_of_this_machine_are_found() -> None:
    terminal, watch = Terminal(), Terminals()
    watch.start(lambda: None)
    os.utime(terminal.device, (time.time(), 0))
    until(lambda: (watch.read().seconds_since_input or 0) < LONG_AGO_S - 100)
    terminal.close()
