"""The ledger: the worker's only memory, in one SQLite file."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gridle.market.protocol.sentence import Sentence
from gridle.worker.ledger.checkpoints import CheckpointTable
from gridle.worker.ledger.connection import connect, transaction
from gridle.worker.ledger.energy import EnergyTable
from gridle.worker.ledger.money import SETTLED_AFTER, MoneyTable
from gridle.worker.ledger.outbox import Outbox
from gridle.worker.ledger.tasks import TaskTable


class Ledger:
    """The tables of one open ledger file; used by one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.tasks = TaskTable(connection)
        self.outbox = Outbox(connection)
        self.money = MoneyTable(connection)
        self.energy = EnergyTable(connection)
        self.checkpoints = CheckpointTable(connection)

    def get(self, key: str) -> str | None:
        """Return a remembered word, such as the owner's wish."""
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else None

    def put(self, key: str, value: str) -> None:
        """Remember a word."""
        with transaction(self._connection):
            self._connection.execute(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                (key, value),
            )

    @property
    def settled_after(self) -> int:
        """The sequence number up to which settlements are in this ledger."""
        return int(self.get(SETTLED_AFTER) or 0)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


@dataclass(frozen=True)
class OpenedLedger:
    """A ledger, and what the owner should know about how it was opened."""

    ledger: Ledger
    warning: Sentence | None


def open_ledger(path: Path, now: float) -> OpenedLedger:
    """Open the ledger at `path`; a damaged one is set aside and a new one begun.

    Nothing earned is lost by that: settlements are read again from the market's first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return OpenedLedger(Ledger(connect(path)), None)
    except sqlite3.OperationalError:
        raise  # locked, or the disk is full: the file itself may be sound
    except sqlite3.DatabaseError:
        aside = _set_aside(path, now)
    return OpenedLedger(
        Ledger(connect(path)),
        Sentence(
            f"The ledger was damaged and set aside as {aside.name}; earnings are read again from "
            "the market.",
            f"账本已损坏，已另存为 {aside.name}；收益将从市场重新读取。",
        ),
    )


def _set_aside(path: Path, now: float) -> Path:
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.corrupt-{stamp}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(aside.with_name(aside.name + suffix))
    return aside
