"""One direction of the network: lets bodies pass no faster than the owner allows, and counts."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from gridle.market.protocol.errors import UnavailableError
from gridle.worker.sources.rate_limit import NS, Bucket

LARGEST_PIECE_BYTES = 65536


class Pace:
    """Shared by all threads that move bodies in this direction; together they keep the rate.

    Messages to and from the market are counted but never held up: they are small, and without
    them leases would be lost.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._bucket: Bucket | None = None
        self._closed = False
        self._total_bytes = 0

    @property
    def total_bytes(self) -> int:
        """Everything counted since the start."""
        with self._changed:
            return self._total_bytes

    def limit(self, bytes_s: int | None) -> None:
        """Hold from now on to this rate; None: no limit, 0: nothing passes until it is raised."""
        with self._changed:
            now_ns = time.monotonic_ns()
            if bytes_s is None:
                self._bucket = None
            elif self._bucket is None:
                self._bucket = Bucket(bytes_s, now_ns)
            else:
                self._bucket = self._bucket.changed(bytes_s, now_ns)
            self._changed.notify_all()

    def count(self, passed_bytes: int) -> None:
        """Add what passed."""
        with self._changed:
            self._total_bytes += passed_bytes

    def wait_open(self) -> None:
        """Block while nothing may pass at all.

        Raises:
            UnavailableError: closed meanwhile.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._is_shut())
            if self._closed:
                raise ending()

    def take(self, wanted_bytes: int) -> int:
        """Block until some bytes may pass; return how many, at most `wanted_bytes`.

        Raises:
            UnavailableError: closed meanwhile.
        """
        wanted_bytes = min(wanted_bytes, LARGEST_PIECE_BYTES)
        with self._changed:
            while not self._closed:
                if self._bucket is None:
                    return wanted_bytes
                now_ns = time.monotonic_ns()
                self._bucket, granted = self._bucket.take(wanted_bytes, now_ns)
                if granted:
                    return granted
                wait_ns = self._bucket.wait_ns(wanted_bytes, now_ns)
                self._changed.wait(None if wait_ns is None else wait_ns / NS)
            raise ending()

    def close(self) -> None:
        """End every wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _is_shut(self) -> bool:
        return self._bucket is not None and self._bucket.rate_bytes_s == 0


@dataclass(frozen=True)
class Paces:
    """Both directions of the owner's network."""

    uploads: Pace = field(default_factory=Pace)
    downloads: Pace = field(default_factory=Pace)


def ending() -> UnavailableError:
    """Return why nothing passes once the source is closed."""
    return UnavailableError(
        "The worker is ending; what was being transferred is taken up again at its next start.",
        "工作端正在退出；未完成的传输将在下次启动时继续。",
    )
