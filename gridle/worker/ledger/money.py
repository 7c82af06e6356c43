"""Vouchers, verdicts and redemptions; the voucher is on disk before anything counts as earned."""

from __future__ import annotations

import sqlite3

from msgspec.structs import replace

from gridle.market.protocol.codec import decode, encode
from gridle.market.protocol.ids import Address, LeaseId, Units
from gridle.market.protocol.messages import Lease, Redemption, Settlement, SettlementPage, Verdict
from gridle.market.protocol.money import SignedVoucher, Voucher
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.messages import Earnings, WorkerTaskState
from gridle.worker.ledger.connection import transaction

SETTLED_AFTER = "settled_after"

_PAID = (
    "EXISTS (SELECT 1 FROM redemptions AS r WHERE r.payer = v.payer AND r.payee = v.payee"
    " AND r.claimed_units >= v.cumulative_units)"
)
"""A verdict is paid once the hub has paid the pair up to where its voucher stood."""

_NOT_COVERED = Sentence(
    "The market's voucher does not pay this result: it is not of who ordered the task, or promises "
    "too little more than the one before it. Tell its operator.",
    "市场的凭证未支付此结果：它并非由下单方作出，或未比上一张多出应付的金额。请告知其运营者。",
)


class MoneyTable:
    """What was judged, promised and paid."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def settle(self, page: SettlementPage) -> None:
        """Write a page of settlements and how far they were read, all or nothing."""
        with transaction(self._connection):
            for settlement in page.settlements:
                self._settle_one(settlement)
            self._connection.execute(
                "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT DO UPDATE"
                " SET value = CAST(max(CAST(value AS INTEGER), CAST(?2 AS INTEGER)) AS TEXT)",
                (SETTLED_AFTER, str(page.next_after)),
            )

    def accepted_of(self, payer: Address) -> int:
        """Return how many results a payer has accepted here."""
        row = self._connection.execute(
            "SELECT count(*) FROM verdicts WHERE accepted AND payer = ?", (payer,)
        ).fetchone()
        return int(row[0])

    def _settle_one(self, settlement: Settlement) -> None:
        if isinstance(settlement, Redemption):
            self._connection.execute(
                "INSERT INTO redemptions VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (
                    settlement.payer,
                    settlement.payee,
                    settlement.claimed_units,
                    settlement.tx_hash,
                    settlement.block_number,
                    settlement.redeemed_at,
                ),
            )
            return
        if self._is_known(settlement):
            return
        settlement = self._covered(settlement)
        if settlement.voucher is not None:
            self._keep(settlement.voucher)
        self._judge(settlement)

    def _is_known(self, verdict: Verdict) -> bool:
        known = self._connection.execute(
            "SELECT 1 FROM verdicts WHERE lease_id = ?", (verdict.lease_id,)
        ).fetchone()
        return known is not None

    def _covered(self, verdict: Verdict) -> Verdict:
        """Return a verdict as it counts: who ordered the task pays for it, in full, once.

        The source checks the voucher as well, but what it has seen ends with its process; a
        market that pays two results with one voucher, a restart apart, or with the promise of
        a wallet that has nothing, is found out by what is on disk.
        """
        if not verdict.accepted or verdict.voucher is None:
            return verdict
        promise = verdict.voucher.voucher
        floor = self._counted_units(promise)
        lease = self._lease(verdict.lease_id)
        owed_units = verdict.price_units if lease is None else lease.price_units
        is_payers = lease is None or lease.order.order.payer == promise.payer
        if is_payers and promise.cumulative_units >= floor + owed_units:
            return verdict
        return replace(verdict, accepted=False, explanation=_NOT_COVERED)

    def _counted_units(self, promise: Voucher) -> Units:
        """Return up to where the pair's vouchers have been counted; addresses have spellings."""
        counted = self._connection.execute(
            "SELECT max(cumulative_units) FROM verdicts WHERE accepted"
            " AND lower(payer) = lower(?) AND lower(payee) = lower(?)",
            (promise.payer, promise.payee),
        ).fetchone()[0]
        return int(counted or 0)

    def _lease(self, lease_id: LeaseId) -> Lease | None:
        """Return the lease as it was offered; None where an earlier ledger had it."""
        row = self._connection.execute(
            "SELECT lease FROM tasks WHERE lease_id = ?", (lease_id,)
        ).fetchone()
        return None if row is None else decode(row[0], Lease, what="lease")

    def _keep(self, signed: SignedVoucher) -> None:
        voucher = signed.voucher
        self._connection.execute(
            "INSERT INTO vouchers VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " cumulative_units = excluded.cumulative_units, signer = excluded.signer,"
            " signature = excluded.signature"
            " WHERE excluded.cumulative_units > vouchers.cumulative_units",
            (
                voucher.payer,
                voucher.payee,
                voucher.cumulative_units,
                signed.signer,
                signed.signature,
            ),
        )

    def _judge(self, verdict: Verdict) -> None:
        voucher = verdict.voucher.voucher if verdict.voucher else None
        self._connection.execute(
            "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                verdict.lease_id,
                verdict.seq,
                verdict.accepted,
                verdict.price_units,
                voucher.payer if voucher else None,
                voucher.payee if voucher else None,
                voucher.cumulative_units if voucher else None,
                encode(verdict.explanation),
                verdict.decided_at,
            ),
        )
        state = WorkerTaskState.SETTLED if verdict.accepted else WorkerTaskState.FAILED
        self._connection.execute(
            "UPDATE tasks SET state = ? WHERE lease_id = ?", (state.value, verdict.lease_id)
        )

    def voucher(self, payer: Address, payee: Address) -> SignedVoucher | None:
        """Return the newest voucher of a pair."""
        row = self._connection.execute(
            "SELECT cumulative_units, signer, signature FROM vouchers"
            " WHERE payer = ? AND payee = ?",
            (payer, payee),
        ).fetchone()
        if row is None:
            return None
        return SignedVoucher(Voucher(payer, payee, int(row[0])), row[1], row[2])

    def vouchers(self) -> tuple[SignedVoucher, ...]:
        """Return the newest voucher of every pair."""
        rows = self._connection.execute("SELECT * FROM vouchers")
        return tuple(
            SignedVoucher(Voucher(payer, payee, units), signer, signature)
            for payer, payee, units, signer, signature in rows
        )

    def earnings(self, midnight: float) -> Earnings:
        """Add up the stages; `midnight` (Unix seconds) is when the owner's today began."""
        pending = self._connection.execute(
            "SELECT units_sum(price_units) FROM tasks WHERE state = ?",
            (WorkerTaskState.REPORTED.value,),
        ).fetchone()[0]
        total, today, done = self._connection.execute(
            "SELECT units_sum(price_units),"
            " units_sum(CASE WHEN decided_at >= ? THEN price_units END), count(*)"
            " FROM verdicts WHERE accepted",
            (midnight,),
        ).fetchone()
        paid = self._connection.execute(
            f"SELECT units_sum(price_units) FROM verdicts AS v WHERE accepted AND {_PAID}"  # noqa: S608 - a constant
        ).fetchone()[0]
        return Earnings(
            pending_units=int(pending or 0),
            earned_units=int(total or 0) - int(paid or 0),
            paid_units=int(paid or 0),
            today_units=int(today or 0),
            tasks_done=done,
        )
