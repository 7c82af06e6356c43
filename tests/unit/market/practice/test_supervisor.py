from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.market.practice.child import ChildPlan
from gridle.market.practice.supervisor import MAX_RESTARTS, Supervisor
from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.sentence import Sentence

SERVES = """
import os, sys, threading
from gridle.lifeline import announce_ready, end_with_parent
gone = threading.Event()
end_with_parent(gone.set)
announce_ready(pid=os.getpid())
gone.wait()
"""
DIES_AT_ONCE = "import sys; sys.stderr.write('the disk is full'); sys.exit(3)"
DIES_LATER = "import json; print(json.dumps({}), flush=True)"


class Heard:
    """Collects sentences and wakes whoever waits for one."""

    def __init__(self) -> None:
        self.sentences: list[Sentence] = []
        self._changed = threading.Condition()

    def __call__(self, sentence: Sentence) -> None:
        with self._changed:
            self.sentences.append(sentence)
            self._changed.notify_all()

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.sentences) >= count, timeout=20)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def supervisor(heard: Heard) -> Iterator[Supervisor]:
    made = Supervisor(heard)
    yield made
    made.end_all()


def _plan(tmp_path: Path, program: str) -> ChildPlan:
    return ChildPlan("child", ["-c", program], os.environ, tmp_path / "logs" / "child.log")


def _runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_a_child_is_ready_and_ends_with_its_supervisor(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    facts = supervisor.start(_plan(tmp_path, SERVES))
    pid = facts["pid"]
    assert isinstance(pid, int)
    assert _runs(pid)
    supervisor.end_all()
    assert not _runs(pid)


def test_a_killed_child_comes_back(supervisor: Supervisor, heard: Heard, tmp_path: Path) -> None:
    supervisor.start(_plan(tmp_path, SERVES))
    first = supervisor.pid("child")
    os.kill(first, signal.SIGKILL)
    heard.wait_for(1)
    assert "starting it again" in heard.sentences[0].en
    supervisor.end_all()
    assert not _runs(first)


def test_a_child_that_does_not_start_says_why(supervisor: Supervisor, tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="the disk is full"):
        supervisor.start(_plan(tmp_path, DIES_AT_ONCE))


def test_a_child_that_keeps_dying_is_given_up(
    supervisor: Supervisor, heard: Heard, tmp_path: Path
) -> None:
    supervisor.start(_plan(tmp_path, DIES_LATER))
    assert supervisor.given_up.wait(30)
    assert str(MAX_RESTARTS) in heard.sentences[-1].en
