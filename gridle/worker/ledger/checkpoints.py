"""Checkpoints in the ledger: which saved states of which tasks are whole, by digest."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from gridle.market.protocol.ids import LeaseId, Sha256
from gridle.worker.ledger.connection import transaction

KEPT = 2
"""Of each task: the newest, and the one before it should that be damaged."""


@dataclass(frozen=True)
class Checkpoint:
    """A saved state of a task; its bytes are a file in the checkpoint store."""

    number: int
    """Counts up over a lease's states."""
    sha256: Sha256
    size_bytes: int
    done_cpu_s: float
    """CPU seconds that went into it, on whichever machines."""
    saved_at: float


class CheckpointTable:
    """Reads and writes checkpoints; each call is one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def of(self, lease_id: LeaseId) -> tuple[Checkpoint, ...]:
        """Return the kept checkpoints of a lease, newest first."""
        rows = self._connection.execute(
            "SELECT number, sha256, size_bytes, done_cpu_s, saved_at FROM checkpoints"
            " WHERE lease_id = ? ORDER BY number DESC",
            (lease_id,),
        )
        return tuple(Checkpoint(*row) for row in rows)

    def add(self, lease_id: LeaseId, checkpoint: Checkpoint) -> None:
        """Note a state whose file is in place; from then on it counts, and older ones are let go.

        Raises:
            UnavailableError: the ledger cannot be written; what it knew still holds.
        """
        with transaction(self._connection):
            self._connection.execute(
                "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?, ?)",
                (
                    lease_id,
                    checkpoint.number,
                    checkpoint.sha256,
                    checkpoint.size_bytes,
                    checkpoint.done_cpu_s,
                    checkpoint.saved_at,
                ),
            )
            self._connection.execute(
                "DELETE FROM checkpoints WHERE lease_id = ? AND number NOT IN (SELECT number"
                " FROM checkpoints WHERE lease_id = ? ORDER BY number DESC LIMIT ?)",
                (lease_id, lease_id, KEPT),
            )

    def remove(self, lease_id: LeaseId, damaged: Iterable[Checkpoint]) -> None:
        """Let go of states that turned out damaged, so that they push no good one out."""
        with transaction(self._connection):
            self._connection.executemany(
                "DELETE FROM checkpoints WHERE lease_id = ? AND number = ?",
                [(lease_id, each.number) for each in damaged],
            )

    def forget(self, lease_id: LeaseId) -> None:
        """Let go of all states of a lease."""
        with transaction(self._connection):
            self._connection.execute("DELETE FROM checkpoints WHERE lease_id = ?", (lease_id,))

    def leases(self) -> tuple[LeaseId, ...]:
        """Return the leases that have states."""
        rows = self._connection.execute("SELECT DISTINCT lease_id FROM checkpoints")
        return tuple(row[0] for row in rows)
