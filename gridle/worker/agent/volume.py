"""What the worker has sent and received in the owner's local month, kept over restarts."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from gridle.worker.ledger.ledger import Ledger
from gridle.worker.sources.port import Transferred

_KEY = "network_volume"
_WRITE_BYTES = 2**20
"""A crash forgets less than this, and quiet minutes do not touch the disk."""


class MonthVolume:
    """Only the agent's thread calls it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.bytes: int
        """Sent and received in this month so far."""
        month, _, count = (ledger.get(_KEY) or "").partition(" ")
        self._month, self.bytes = month, int(count or 0)
        self._written = self.bytes
        self._seen = 0

    def count(self, transferred: Transferred, now: float, zone: tzinfo) -> None:
        """Take the source's totals since its start.

        Raises:
            UnavailableError: the ledger cannot be written; nothing is lost of the count.
        """
        total = transferred.sent_bytes + transferred.received_bytes
        month = f"{datetime.fromtimestamp(now, UTC).astimezone(zone):%Y-%m}"
        if month != self._month:
            self._month, self.bytes, self._written = month, 0, -_WRITE_BYTES
        self.bytes += total - self._seen
        self._seen = total
        if self.bytes - self._written >= _WRITE_BYTES:
            self.write()

    def write(self) -> None:
        """Write the count down, as at the worker's end.

        Raises:
            UnavailableError: the ledger cannot be written.
        """
        self._ledger.put(_KEY, f"{self._month} {self.bytes}")
        self._written = self.bytes
