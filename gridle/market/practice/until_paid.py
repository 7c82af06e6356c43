"""Wait until tasks are paid on the chain, and say exactly which ones were."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from gridle.market.chain.hub import Hub
from gridle.market.chain.redemptions import payments_to
from gridle.market.client.http import SignedHttp
from gridle.market.client.market_client import MarketClient
from gridle.market.client.profile import Profile
from gridle.market.practice.practice import Practice
from gridle.market.practice.report import (
    ChainPlace,
    PracticeReport,
    RedemptionRecord,
    WalletChange,
    paid_tasks,
)
from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.job_messages import JobDetail
from gridle.market.protocol.sentence import Sentence

LOOK_EVERY_S = 0.5
STALLED_AFTER_S = 300.0


@dataclass(frozen=True)
class Paid:
    """What the chain says of the provider, all at one moment."""

    claimed_units: int
    balance_units: int
    block_number: int


class PaidWatch:
    """Counts the sample requestor's tasks that the hub has paid since this watch was made."""

    def __init__(self, practice: Practice, started_at: float) -> None:
        """`started_at` is when the practice began, by the monotonic clock."""
        self._practice = practice
        self._started_at = started_at
        self._hub = Hub([practice.facts.rpc_url], practice.facts.hub)
        self._before = self._look()
        self._first_paid_after_s: float | None = None

    def wait(
        self, count: int, ended: threading.Event, say: Callable[[Sentence], None]
    ) -> PracticeReport:
        """Return the report once `count` tasks are paid.

        Raises:
            UnavailableError: the practice ended before, or nothing was paid for a long time.
        """
        last, changed_at = self._before, time.monotonic()
        while not ended.wait(LOOK_EVERY_S):
            if self._practice.supervisor.given_up.is_set():
                break
            now = self._look()
            if now.claimed_units != last.claimed_units:
                last, changed_at = now, time.monotonic()
                report = self._report(now)
                done = len(report.tasks)
                say(
                    Sentence(
                        f"{done} tasks paid; {count} wanted.",
                        f"已支付 {done} 个任务；需要 {count} 个。",
                    )
                )
                if done >= count:
                    return report
            if time.monotonic() - changed_at > STALLED_AFTER_S:
                raise UnavailableError(
                    f"No task was paid for {STALLED_AFTER_S / 60:.0f} minutes; see the logs in "
                    f"{self._practice.places.home / 'logs'}.",
                    f"已有 {STALLED_AFTER_S / 60:.0f} 分钟没有任务获得支付；请查看 "
                    f"{self._practice.places.home / 'logs'} 中的日志。",
                )
        raise UnavailableError(
            "The practice was ended before enough tasks were paid.",
            "在足够的任务获得支付之前，练习已结束。",
        )

    def _look(self) -> Paid:
        """Read claimed amount and balance of one moment: again if a payment came between."""
        payer, payee = self._practice.payer, self._practice.payee
        while True:
            claimed_units = self._hub.claimed_units(payer, payee)
            balance_units = self._hub.token_balance_units(payee)
            block_number = self._hub.block_number()
            if self._hub.claimed_units(payer, payee) == claimed_units:
                return Paid(claimed_units, balance_units, block_number)

    def _report(self, now: Paid) -> PracticeReport:
        if self._first_paid_after_s is None:
            self._first_paid_after_s = time.monotonic() - self._started_at
        facts, payee = self._practice.facts, self._practice.payee
        payments = payments_to(
            self._hub,
            payee,
            first_block=self._before.block_number + 1,
            last_block=now.block_number,
        )
        return PracticeReport(
            tasks=paid_tasks(self._jobs(), payee, self._before.claimed_units, now.claimed_units),
            wallet=WalletChange(payee, self._before.balance_units, now.balance_units),
            redemptions=tuple(
                RedemptionRecord(payment.tx_hash, payment.block_number, payment.paid_units)
                for payment in payments
            ),
            chain=ChainPlace(facts.rpc_url, facts.hub, facts.token),
            seconds_to_first_paid=round(self._first_paid_after_s, 3),
        )

    def _jobs(self) -> list[JobDetail]:
        identity = Profile(self._practice.places.requestor).identity()
        http = SignedHttp(self._practice.facts.market_url, identity)
        with MarketClient(http) as client:
            return [client.job(job.job_id) for job in client.jobs()]
