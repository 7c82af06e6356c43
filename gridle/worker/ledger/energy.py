"""What each ended task used of electricity, what that cost, and what was left of its pay."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from gridle.market.protocol.ids import LeaseId
from gridle.worker.ledger.connection import transaction


@dataclass(frozen=True)
class TaskEnergy:
    """One task; money is in millionths of the owner's currency at its end."""

    energy_mj: int
    cost_micros: int
    pay_micros: int
    """What its price was worth; 0 for a task that ended without a result."""
    currency: str
    is_measured: bool
    """The power was measured on this machine, not estimated."""

    @property
    def net_micros(self) -> int:
        """What is left of the pay."""
        return self.pay_micros - self.cost_micros


@dataclass(frozen=True)
class EnergyTotals:
    """All tasks of a time. A result that was refused counts with its cost alone."""

    tasks: int
    energy_mj: int
    cost_micros: int
    pay_micros: int

    @property
    def net_micros(self) -> int:
        """What is left of the pay."""
        return self.pay_micros - self.cost_micros


class EnergyTable:
    """Reads and writes energy; each call is one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def record(self, lease_id: LeaseId, energy: TaskEnergy, ended_at: float) -> None:
        """Write what a task used; said again, the newer figures hold.

        Raises:
            UnavailableError: the ledger cannot be written.
        """
        with transaction(self._connection):
            self._connection.execute(
                "INSERT INTO energy VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " energy_mj = excluded.energy_mj, cost_micros = excluded.cost_micros,"
                " pay_micros = excluded.pay_micros, net_micros = excluded.net_micros,"
                " currency = excluded.currency, is_measured = excluded.is_measured,"
                " ended_at = excluded.ended_at",
                (
                    lease_id,
                    energy.energy_mj,
                    energy.cost_micros,
                    energy.pay_micros,
                    energy.net_micros,
                    energy.currency,
                    energy.is_measured,
                    ended_at,
                ),
            )

    def of(self, lease_id: LeaseId) -> TaskEnergy | None:
        """Return what an ended task used; None for one that never ran or was of an older ledger."""
        row = self._connection.execute(
            "SELECT energy_mj, cost_micros, pay_micros, currency, is_measured FROM energy"
            " WHERE lease_id = ?",
            (lease_id,),
        ).fetchone()
        return TaskEnergy(row[0], row[1], row[2], row[3], bool(row[4])) if row else None

    def totals(self, currency: str, since: float = 0.0) -> EnergyTotals:
        """Add up the tasks that ended at `since` (Unix seconds) or later, of one currency.

        Sums in other currencies, from before the owner changed it, are not mixed in.
        """
        row = self._connection.execute(
            "SELECT count(*), units_sum(e.energy_mj), units_sum(e.cost_micros),"
            " units_sum(CASE WHEN coalesce(v.accepted, 1) THEN e.pay_micros END)"
            " FROM energy AS e LEFT JOIN verdicts AS v ON v.lease_id = e.lease_id"
            " WHERE e.currency = ? AND e.ended_at >= ?",
            (currency, since),
        ).fetchone()
        return EnergyTotals(row[0], int(row[1] or 0), int(row[2] or 0), int(row[3] or 0))
