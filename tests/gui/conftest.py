"""Windows are tested on Qt's own offscreen platform, in English."""

from __future__ import annotations

import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QThreadPool
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gridle.app.program import Program
from gridle.market.protocol.ids import Address
from gridle.market.protocol.messages import ChainInfo
from tests.fakes.worker_door import WorkerDoor
from tests.fakes.worker_states import ADDRESS, CHAIN, worker_state

BALANCE_UNITS = 2_500_000


def balance(chain: ChainInfo, address: Address) -> int:
    """Answer for a chain."""
    return BALANCE_UNITS if chain == CHAIN and address == ADDRESS else 0


Until = Callable[[Callable[[], bool]], None]


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDLE_LANG", "en")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "worker"


@pytest.fixture
def door(qtbot: QtBot, home: Path) -> Iterator[WorkerDoor]:
    assert qtbot is not None
    door = WorkerDoor(home, worker_state())
    yield door
    door.die()


@pytest.fixture
def until(qtbot: QtBot) -> Until:
    def wait(condition: Callable[[], bool]) -> None:
        qtbot.waitUntil(condition, timeout=10_000)

    return wait


@pytest.fixture
def program(qapp: QApplication, home: Path) -> Iterator[Program]:
    program = Program(qapp, home, None, balance)
    program.open()
    yield program
    program.close()
    QThreadPool.globalInstance().waitForDone()
