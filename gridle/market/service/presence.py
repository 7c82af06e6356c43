"""Which nodes asked for work lately, and for what. In memory only: it is worth nothing later."""

from __future__ import annotations

import threading

from gridle.market.protocol.ids import PublicKey
from gridle.market.service.domain.matching import Seeker

SEEN_S = 90.0
"""A node that asked within this time counts as there (the longest long-poll takes 60 s)."""
_MAX_NODES = 100_000


class Presence:
    """The newest lease request of each node."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[PublicKey, tuple[float, Seeker]] = {}

    def saw(self, node: PublicKey, seeker: Seeker, now: float) -> None:
        """Note that a node asks."""
        with self._lock:
            self._seen.pop(node, None)
            self._seen[node] = (now, seeker)
            while len(self._seen) > _MAX_NODES:
                del self._seen[next(iter(self._seen))]

    def asking(self, now: float, *, but: PublicKey | None = None) -> list[Seeker]:
        """Return what the nodes that are there asked for; `but` leaves one node out."""
        with self._lock:
            return [
                seeker
                for node, (at, seeker) in self._seen.items()
                if at > now - SEEN_S and node != but
            ]
