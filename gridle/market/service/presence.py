"""Which nodes asked for work lately, and for what. In memory only: it is worth nothing later."""

from __future__ import annotations

import threading

from gridle.market.protocol.ids import PublicKey
from gridle.market.protocol.messages import LeaseRequest

SEEN_S = 90.0
"""A node that asked within this time counts as there (the longest long-poll takes 60 s)."""
_MAX_NODES = 100_000


class Presence:
    """The newest lease request of each node."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[PublicKey, tuple[float, LeaseRequest]] = {}

    def saw(self, node: PublicKey, request: LeaseRequest, now: float) -> None:
        """Note that a node asks."""
        with self._lock:
            self._seen.pop(node, None)
            self._seen[node] = (now, request)
            while len(self._seen) > _MAX_NODES:
                del self._seen[next(iter(self._seen))]

    def asking(self, now: float, *, but: PublicKey | None = None) -> list[LeaseRequest]:
        """Return what the nodes that are there asked for; `but` leaves one node out."""
        with self._lock:
            return [
                request
                for node, (at, request) in self._seen.items()
                if at > now - SEEN_S and node != but
            ]
