from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.worker.ledger.checkpoints import Checkpoint, CheckpointTable
from gridle.worker.ledger.connection import connect
from tests.rigs.worker_jobs import lease_id

ONE, TWO = lease_id(1), lease_id(2)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path / "ledger.sqlite")
    yield connection
    connection.close()


@pytest.fixture
def table(connection: sqlite3.Connection) -> CheckpointTable:
    return CheckpointTable(connection)


def checkpoint(number: int, digit: str = "a") -> Checkpoint:
    return Checkpoint(number, digit * 64, 10 * number, number / 2, 1_700_000_000.5 + number)


def test_the_newest_two_are_kept_newest_first(table: CheckpointTable) -> None:
    for number in (1, 2, 3):
        table.add(ONE, checkpoint(number))
    table.add(TWO, checkpoint(1))
    assert table.of(ONE) == (checkpoint(3), checkpoint(2))
    assert table.of(TWO) == (checkpoint(1),)
    assert sorted(table.leases()) == [ONE, TWO]


def test_a_number_that_is_noted_again_is_the_newer_state(table: CheckpointTable) -> None:
    table.add(ONE, checkpoint(1))
    table.add(ONE, checkpoint(1, "b"))
    assert table.of(ONE) == (checkpoint(1, "b"),)


def test_damaged_ones_push_no_good_one_out(table: CheckpointTable) -> None:
    table.add(ONE, checkpoint(1))
    table.add(ONE, checkpoint(2))
    table.remove(ONE, [checkpoint(2)])
    table.add(ONE, checkpoint(3))
    assert table.of(ONE) == (checkpoint(3), checkpoint(1))


def test_a_lease_is_forgotten_alone(table: CheckpointTable) -> None:
    table.add(ONE, checkpoint(1))
    table.add(TWO, checkpoint(1))
    table.forget(ONE)
    assert table.of(ONE) == ()
    assert table.leases() == (TWO,)
