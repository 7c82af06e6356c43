"""What one task's proxy has moved, and how fast it may: shared by all its connections.

Imports the standard library alone: the proxy's process reads it.
"""

from __future__ import annotations

import threading
import time
from enum import IntEnum

from gridle.worker.sources.rate_limit import NS, Bucket

PIECE_BYTES = 16384
"""Moved at once. Small, since what is read has crossed the network before it was allowed to."""


class Way(IntEnum):
    """As the task sees it."""

    SENT = 0
    RECEIVED = 1


class VolumeSpentError(Exception):
    """The task has moved all that it may, or its proxy is ending."""


class Traffic:
    """`most_bytes`: both ways together, over the task's life."""

    def __init__(self, most_bytes: int) -> None:
        self._changed = threading.Condition()
        self._most_bytes = most_bytes
        self._moved = [0, 0]
        self._told = (0, 0)
        self._buckets: list[Bucket | None] = [None, None]

    def limit(self, sent_bytes_s: int | None, received_bytes_s: int | None) -> None:
        """Hold to these rates from now on; None: no limit, 0: nothing passes until it is raised."""
        with self._changed:
            now_ns = time.monotonic_ns()
            for way, rate in ((Way.SENT, sent_bytes_s), (Way.RECEIVED, received_bytes_s)):
                bucket = self._buckets[way]
                if rate is None:
                    self._buckets[way] = None
                elif bucket is None:
                    self._buckets[way] = Bucket(rate, now_ns)
                else:
                    self._buckets[way] = bucket.changed(rate, now_ns)
            self._changed.notify_all()

    def take(self, way: Way, wanted_bytes: int) -> int:
        """Block until some bytes may pass, and count them; return how many.

        Raises:
            VolumeSpentError: none ever will.
        """
        with self._changed:
            while True:
                left = self._most_bytes - sum(self._moved)
                if left <= 0:
                    raise VolumeSpentError
                granted, wait_s = self._ask(way, min(wanted_bytes, left))
                if granted:
                    self._moved[way] += granted
                    self._changed.notify_all()
                    return granted
                self._changed.wait(wait_s)

    def is_held(self) -> bool:
        """Whether the owner lets nothing pass in some direction now."""
        with self._changed:
            return any(bucket is not None and bucket.rate_bytes_s == 0 for bucket in self._buckets)

    def is_spent(self) -> bool:
        """Whether nothing will pass any more."""
        with self._changed:
            return sum(self._moved) >= self._most_bytes

    @property
    def moved(self) -> tuple[int, int]:
        """Bytes sent and received so far."""
        with self._changed:
            return self._moved[Way.SENT], self._moved[Way.RECEIVED]

    def await_news(self) -> tuple[int, int]:
        """Block until more was moved than was told; return bytes sent and received."""
        with self._changed:
            self._changed.wait_for(lambda: tuple(self._moved) != self._told)
            self._told = (self._moved[Way.SENT], self._moved[Way.RECEIVED])
            return self._told

    def _ask(self, way: Way, wanted_bytes: int) -> tuple[int, float | None]:
        bucket = self._buckets[way]
        if bucket is None:
            return wanted_bytes, None
        now_ns = time.monotonic_ns()
        bucket, granted = bucket.take(wanted_bytes, now_ns)
        self._buckets[way] = bucket
        wait_ns = bucket.wait_ns(wanted_bytes, now_ns)
        return granted, None if wait_ns is None else wait_ns / NS
