"""Tasks in the ledger: what was taken on, in which state it is, what it used."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from gridle.market.protocol.codec import decode, encode
from gridle.market.protocol.ids import LeaseId, Sha256
from gridle.market.protocol.manifest import Manifest, decode_manifest, encode_manifest
from gridle.market.protocol.messages import Lease, TaskUsage
from gridle.worker.ipc.messages import WorkerTaskState
from gridle.worker.ledger.connection import transaction

LIVE_STATES = (
    WorkerTaskState.OFFERED,
    WorkerTaskState.FETCHING,
    WorkerTaskState.READY,
    WorkerTaskState.RUNNING,
    WorkerTaskState.PAUSED,
    WorkerTaskState.FINISHING,
)
"""States of tasks that this machine still has to do something for."""

_LIVE = (json.dumps(LIVE_STATES),)
"""What SQLite's `json_each` takes in place of a list."""
_FORGET_MANIFESTS = """
UPDATE manifests SET body = x'' WHERE body <> x'' AND sha256 NOT IN
(SELECT manifest_sha256 FROM tasks WHERE state IN (SELECT value FROM json_each(?)))
"""
_FORGET_CHECKPOINTS = """
DELETE FROM checkpoints WHERE lease_id NOT IN
(SELECT lease_id FROM tasks WHERE state IN (SELECT value FROM json_each(?)))
"""
_COUNT_MANIFESTS = """
SELECT count(*) FROM manifests WHERE body <> x'' AND sha256 NOT IN
(SELECT manifest_sha256 FROM tasks WHERE state IN (SELECT value FROM json_each(?)))
"""
_COUNT_CHECKPOINTS = """
SELECT count(*) FROM checkpoints WHERE lease_id NOT IN
(SELECT lease_id FROM tasks WHERE state IN (SELECT value FROM json_each(?)))
"""


@dataclass(frozen=True)
class TaskRecord:
    """A task as it was last written."""

    lease: Lease
    manifest: Manifest
    state: WorkerTaskState
    offered_at: float
    usage: TaskUsage
    result_sha256: Sha256 | None


class TaskTable:
    """Reads and writes tasks; each call is one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, lease: Lease, manifest: Manifest, offered_at: float) -> None:
        """Remember a new task; one that is known already stays as it is."""
        with transaction(self._connection):
            self._connection.execute(
                "INSERT INTO manifests VALUES (?, ?)"
                " ON CONFLICT DO UPDATE SET body = excluded.body",
                (lease.order.order.manifest_sha256, encode_manifest(manifest)),
            )
            self._connection.execute(
                "INSERT INTO tasks (lease_id, lease, manifest_sha256, state, price_units,"
                " offered_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (
                    lease.lease_id,
                    encode(lease),
                    lease.order.order.manifest_sha256,
                    WorkerTaskState.OFFERED.value,
                    lease.price_units,
                    offered_at,
                ),
            )

    def set_state(
        self, lease_id: LeaseId, state: WorkerTaskState, ended_at: float | None = None
    ) -> None:
        """Write a task's state; `ended_at` where it has come to its end."""
        with transaction(self._connection):
            self._connection.execute(
                "UPDATE tasks SET state = ?, ended_at = coalesce(?, ended_at) WHERE lease_id = ?",
                (state.value, ended_at, lease_id),
            )
            if state not in LIVE_STATES:
                self.forget_ended()

    def set_result(self, lease_id: LeaseId, usage: TaskUsage, result_sha256: Sha256 | None) -> None:
        """Write what a task used and, where it has one, its result's digest."""
        with transaction(self._connection):
            self._connection.execute(
                "UPDATE tasks SET cpu_s = ?, wall_s = ?, peak_memory_bytes = ?, result_sha256 = ?"
                " WHERE lease_id = ?",
                (usage.cpu_s, usage.wall_s, usage.peak_memory_bytes, result_sha256, lease_id),
            )

    def state(self, lease_id: LeaseId) -> WorkerTaskState | None:
        """Return a task's state; None for one this ledger never knew."""
        row = self._connection.execute(
            "SELECT state FROM tasks WHERE lease_id = ?", (lease_id,)
        ).fetchone()
        return WorkerTaskState(row[0]) if row else None

    def core_s_seen(self, manifest_sha256: Sha256) -> float:
        """Return the CPU seconds that a job's tasks took here on average; 0 where none is done."""
        row = self._connection.execute(
            "SELECT avg(cpu_s) FROM tasks WHERE manifest_sha256 = ? AND result_sha256 IS NOT NULL",
            (manifest_sha256,),
        ).fetchone()
        return float(row[0] or 0.0)

    def live(self) -> tuple[TaskRecord, ...]:
        """Return the tasks that still need something done, oldest first."""
        rows = self._connection.execute(
            "SELECT lease, body, state, offered_at, cpu_s, wall_s, peak_memory_bytes,"
            " result_sha256 FROM tasks JOIN manifests ON sha256 = manifest_sha256"
            " WHERE state IN (SELECT value FROM json_each(?)) ORDER BY offered_at, lease_id",
            _LIVE,
        )
        return tuple(
            TaskRecord(
                decode(lease, Lease, what="lease in the ledger"),
                decode_manifest(body),
                WorkerTaskState(state),
                offered_at,
                TaskUsage(cpu_s, wall_s, peak),
                result,
            )
            for lease, body, state, offered_at, cpu_s, wall_s, peak, result in rows
        )

    def forget_ended(self) -> None:
        """Within a transaction: remove manifests and checkpoints that no live task needs."""
        for statement in (_FORGET_MANIFESTS, _FORGET_CHECKPOINTS):
            self._connection.execute(statement, _LIVE)

    def count_ended(self) -> int:
        """Return how many manifests and checkpoints are here that no live task needs."""
        queries = (_COUNT_MANIFESTS, _COUNT_CHECKPOINTS)
        return sum(int(self._connection.execute(each, _LIVE).fetchone()[0]) for each in queries)
