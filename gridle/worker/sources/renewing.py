"""Keeps leases alive: each is renewed at a third of its life."""

from __future__ import annotations

import time

from gridle.market.protocol import routes
from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.messages import LeaseRenewals, RenewalReply
from gridle.worker.sources.port import Lost, Renewed
from gridle.worker.sources.session import MarketSession

_MAX_BATCH = 256
_LONG_AGO = float("-inf")


class Renewing:
    """Renews what is held; a lease from an earlier run is renewed at once."""

    def __init__(self, session: MarketSession) -> None:
        self._session = session

    def step(self) -> None:
        """Wait until a renewal is due, and do it."""
        session = self._session
        period_s = session.market().lease_s / 3
        due = self._wait_until_due(period_s)
        if not due:
            return
        reply = session.http.post(
            routes.LEASES_RENEW, LeaseRenewals(due), RenewalReply, what="renewal reply"
        )
        now = time.monotonic()
        with session.lock:
            session.renewed_at.update(dict.fromkeys(due, now))
        for lease_id, expires_at in reply.expires_at.items():
            session.on_event(Renewed(lease_id, expires_at))
        for lease_id in reply.lost:
            session.on_event(Lost(lease_id))

    def _wait_until_due(self, period_s: float) -> tuple[LeaseId, ...]:
        session = self._session
        with session.lock:
            while not session.stopped.is_set():
                session.renewed_at = {
                    lease_id: at
                    for lease_id, at in session.renewed_at.items()
                    # an offer that the agent has not taken up yet is kept for one period
                    if lease_id in session.held or time.monotonic() - at < period_s
                }
                due_at = {each: session.renewed_at.get(each, _LONG_AGO) for each in session.held}
                now = time.monotonic()
                due = [each for each, at in due_at.items() if now - at >= period_s]
                if due:
                    return tuple(due[:_MAX_BATCH])
                first = min(due_at.values(), default=None)
                session.holds.wait(None if first is None else max(0.01, first + period_s - now))
        return ()
