"""Typing shows in a terminal's access time; printing and the wall clock's jumps do not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gridle.worker.probes.presence.terminals import Terminals
from gridle.worker.probes.presence.user_input import AWAY


class Clocks:
    """Both clocks, moved by the test."""

    def __init__(self) -> None:
        self.wall, self.steady = 1_700_000_000.0, 500.0

    def pass_s(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    (tmp_path / "pts").mkdir()
    return tmp_path


def terminal(devices: Path, name: str, typed_at: float, printed_at: float = 0.0) -> None:
    (devices / name).touch()
    os.utime(devices / name, (typed_at, printed_at))


def watch(devices: Path, clocks: Clocks) -> Terminals:
    terminals = Terminals(devices, lambda: clocks.wall, lambda: clocks.steady)
    terminals.start(lambda: None)
    return terminals


def test_the_terminal_last_typed_in_counts(devices: Path, clocks: Clocks) -> None:
    terminal(devices, "tty1", clocks.wall - 90)
    terminal(devices, "pts/3", clocks.wall - 30, printed_at=clocks.wall)
    terminals = watch(devices, clocks)
    assert terminals.read().seconds_since_input == pytest.approx(30)
    clocks.pass_s(10)
    assert terminals.read().seconds_since_input == pytest.approx(40)
    clocks.pass_s(1)
    terminal(devices, "tty1", clocks.wall - 0.25)
    assert terminals.read().seconds_since_input == pytest.approx(0.25)
    terminal(devices, "pts/3", clocks.wall - 30, printed_at=clocks.wall)
    clocks.pass_s(5)
    assert terminals.read().seconds_since_input == pytest.approx(5)


def test_only_terminals_are_looked_at(devices: Path, clocks: Clocks) -> None:
    for name in ("tty", "ttyUSB0", "null", "pts/ptmx"):
        terminal(devices, name, clocks.wall)
    assert watch(devices, clocks).read() == AWAY


def test_a_machine_without_terminals_is_away(tmp_path: Path, clocks: Clocks) -> None:
    assert watch(tmp_path / "nowhere", clocks).read() == AWAY


@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0])
def test_a_jump_of_the_wall_clock_is_no_input_and_hides_none(
    devices: Path, clocks: Clocks, jump_s: float
) -> None:
    terminal(devices, "pts/0", clocks.wall - 300)
    terminals = watch(devices, clocks)
    clocks.wall += jump_s
    clocks.pass_s(1)
    assert terminals.read().seconds_since_input == pytest.approx(301)
    terminal(devices, "pts/0", clocks.wall)
    clocks.pass_s(1)
    assert terminals.read().seconds_since_input == pytest.approx(1)


def test_a_time_that_is_still_to_come_counts_from_now(devices: Path, clocks: Clocks) -> None:
    terminal(devices, "pts/0", clocks.wall + 3600)
    terminals = watch(devices, clocks)
    assert terminals.read().seconds_since_input == 0
    clocks.pass_s(50)
    assert terminals.read().seconds_since_input == pytest.approx(50)


def test_a_terminal_that_is_closed_is_forgotten(devices: Path, clocks: Clocks) -> None:
    terminal(devices, "pts/0", clocks.wall)
    terminals = watch(devices, clocks)
    (devices / "pts/0").unlink()
    assert terminals.read() != AWAY  # not looked at again yet
    clocks.pass_s(1)
    assert terminals.read() == AWAY
