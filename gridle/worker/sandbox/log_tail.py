"""The last lines that a task says, drained so that it never blocks and never fills a disk."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from gridle.market.protocol.plain_text import is_plain

TAIL_BYTES = 8 * 2**10
FLOOD_BYTES = 8 * 2**20
"""A task that says more than this is ended: draining it costs CPU outside its fence."""


class LogTail:
    """Drains a pipe until its end, keeping the tail."""

    def __init__(self, descriptor: int, name: str, on_flood: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_flood = on_flood
        self._untrusted_tail = b""
        self._thread = threading.Thread(target=self._drain, name=f"log-{name}", daemon=True)
        self._thread.start()

    def text(self, timeout_s: float) -> str:
        """Return the cleaned tail once the pipe has ended, or what is there after `timeout_s`."""
        self._thread.join(timeout_s)
        return clean(self._untrusted_tail)

    def _drain(self) -> None:
        total_bytes = 0
        with os.fdopen(self._descriptor, "rb", buffering=0) as pipe:
            while untrusted := pipe.read(2**16):
                self._untrusted_tail = (self._untrusted_tail + untrusted)[-TAIL_BYTES:]
                was_below = total_bytes <= FLOOD_BYTES
                total_bytes += len(untrusted)
                if was_below and total_bytes > FLOOD_BYTES:
                    self._on_flood()


def clean(untrusted_bytes: bytes) -> str:
    """Decode leniently and drop what could play tricks on a terminal or a label."""
    text = untrusted_bytes.decode("utf-8", "replace").replace("\r", "\n")
    return "".join(char for char in text if char in "\n\t" or is_plain(char))
