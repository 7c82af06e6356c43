from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from gridle.worker.sandbox.container_lifeline import ContainerLifeline

_DEADLINE_S = 30.0
_NO_CLIENT = 2**22
"""Above every process id (proc(5), pid_max): a client that has ended."""


@pytest.fixture
def removed(tmp_path: Path) -> Path:
    return tmp_path / "removed"


def cut(lifeline: ContainerLifeline) -> None:
    """Do to it what the death of its worker does."""
    assert lifeline._child.stdin is not None
    lifeline._child.stdin.close()
    lifeline._child.wait(_DEADLINE_S)


def made(removed: Path) -> ContainerLifeline:
    return ContainerLifeline(["touch", str(removed)])


def test_it_removes_the_container_of_a_dead_worker(removed: Path) -> None:
    lifeline = made(removed)
    lifeline.watch_client(_NO_CLIENT)
    cut(lifeline)
    assert removed.exists()


def test_it_thaws_the_container_first(removed: Path, tmp_path: Path) -> None:
    freezer = tmp_path / "a folder" / "freezer.state"
    freezer.parent.mkdir()
    freezer.write_text("FROZEN")
    lifeline = made(removed)
    lifeline.watch_client(_NO_CLIENT)
    lifeline.knows_thawing(freezer, "THAWED")
    cut(lifeline)
    assert removed.exists()
    assert freezer.read_text() == "THAWED"


def test_a_freezer_that_is_gone_does_not_stop_it(removed: Path, tmp_path: Path) -> None:
    lifeline = made(removed)
    lifeline.watch_client(_NO_CLIENT)
    lifeline.knows_thawing(tmp_path / "gone" / "freezer.state", "THAWED")
    cut(lifeline)
    assert removed.exists()


@pytest.mark.parametrize("thawing", [False, True])
def test_all_is_well(removed: Path, tmp_path: Path, *, thawing: bool) -> None:
    lifeline = made(removed)
    lifeline.watch_client(os.getpid())
    if thawing:
        lifeline.knows_thawing(tmp_path / "freezer.state", "THAWED")
    lifeline._say("ended")
    assert lifeline._child.wait(_DEADLINE_S) == 0
    lifeline.end()
    assert not removed.exists()
    assert not (tmp_path / "freezer.state").exists()


def test_it_goes_on_until_the_client_has_ended(removed: Path) -> None:
    lifeline = made(removed)
    lifeline.watch_client(os.getpid())
    assert lifeline._child.stdin is not None
    lifeline._child.stdin.close()
    deadline_s = time.monotonic() + _DEADLINE_S
    for _ in range(2):  # it comes again after it was taken away
        while not removed.exists():
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
        removed.unlink()
    lifeline.end()
