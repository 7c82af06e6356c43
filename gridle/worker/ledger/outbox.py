"""Reports that the market has not answered yet. One is removed only by its answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gridle.market.protocol.codec import decode, encode
from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.messages import TaskReport
from gridle.worker.ledger.connection import transaction


@dataclass(frozen=True)
class Undelivered:
    """A report to deliver, and the result archive that goes before it."""

    report: TaskReport
    archive: Path | None


class Outbox:
    """A queue per lease: the next report of a lease is due once the one before was answered."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def put(self, lease_id: LeaseId, reports: Sequence[Undelivered]) -> None:
        """Queue a lease's reports in order; a lease that has reports queued keeps those."""
        with transaction(self._connection):
            self._connection.executemany(
                "INSERT INTO reports VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [
                    (lease_id, place, encode(each.report), str(each.archive or "") or None)
                    for place, each in enumerate(reports)
                ],
            )

    def next_of(self, lease_id: LeaseId) -> Undelivered | None:
        """Return the report of this lease that is due."""
        row = self._connection.execute(
            "SELECT body, archive FROM reports WHERE lease_id = ? ORDER BY place LIMIT 1",
            (lease_id,),
        ).fetchone()
        if row is None:
            return None
        # mypy cannot name a union as a type object; msgspec decodes one.
        report: TaskReport = decode(row[0], TaskReport, what="report in the ledger")  # type: ignore[arg-type]
        return Undelivered(report, Path(row[1]) if row[1] else None)

    def leases(self) -> tuple[LeaseId, ...]:
        """Return the leases that have reports to deliver."""
        rows = self._connection.execute("SELECT DISTINCT lease_id FROM reports")
        return tuple(row[0] for row in rows)

    def delivered(self, lease_id: LeaseId, report: TaskReport) -> None:
        """Remove an answered report."""
        with transaction(self._connection):
            self._connection.execute(
                "DELETE FROM reports WHERE lease_id = ? AND body = ?", (lease_id, encode(report))
            )

    def drop(self, lease_id: LeaseId) -> None:
        """Remove whatever is queued for a lease that is no longer ours."""
        with transaction(self._connection):
            self._connection.execute("DELETE FROM reports WHERE lease_id = ?", (lease_id,))
