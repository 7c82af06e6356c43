"""Reads verdicts and redemptions; a voucher that is not good never reaches the ledger."""

from __future__ import annotations

import msgspec

from gridle.market.protocol import routes
from gridle.market.protocol.errors import RefusedError
from gridle.market.protocol.messages import MarketInfo, Settlement, SettlementPage, Verdict
from gridle.worker.sources.checks import Claims, domain_of
from gridle.worker.sources.port import Settled
from gridle.worker.sources.session import MarketSession

WAIT_S = 25.0


class Settling:
    """One long-poll at a time, from where the ledger ends."""

    def __init__(self, session: MarketSession, settled_after: int) -> None:
        self._session = session
        self._after = settled_after
        self._claims = Claims({})

    def step(self) -> None:
        """Ask once, check what came, and hand it on."""
        session = self._session
        info = session.market()
        page = session.http.get(
            f"{routes.SETTLEMENTS}?after={self._after}&wait_s={WAIT_S:.0f}",
            SettlementPage,
            what="page of settlements",
            wait_s=WAIT_S,
        )
        if page.next_after <= self._after:
            if not session.stopped.is_set() and page.settlements:
                session.stopped.wait(1.0)  # a market that repeats itself is not asked in a rush
            return
        checked = tuple(self._checked(each, info) for each in page.settlements)
        self._after = page.next_after
        session.on_event(Settled(SettlementPage(checked, page.next_after)))

    def _checked(self, untrusted: Settlement, info: MarketInfo) -> Settlement:
        """Return the settlement as it counts: without a good voucher, nothing is accepted."""
        if not isinstance(untrusted, Verdict):
            return untrusted
        try:
            self._claims = self._claims.check(
                untrusted, info, self._session.payout, domain_of(info.chain)
            )
        except RefusedError as error:
            return msgspec.structs.replace(
                untrusted, accepted=False, voucher=None, explanation=error.sentence
            )
        return untrusted
