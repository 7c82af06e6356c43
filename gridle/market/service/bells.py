"""Bells wake whoever waits for something: nobody polls. Rung from any thread, after commit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WORK = "work"
"""Tasks may have become available."""
OWED = "owed"
"""A pair is owed money on chain."""


def of_job(job_id: str) -> str:
    """Return the bell of a change to a job."""
    return f"job {job_id}"


def of_node(node: str) -> str:
    """Return the bell of a settlement for a node."""
    return f"node {node}"


def of_lease_key(lease_id: str) -> str:
    """Return the bell of the keys for a lease."""
    return f"key {lease_id}"


class Bells:
    """Named bells; a listener is called from the ringing thread and must not block."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[str, set[Callable[[], None]]] = {}
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the market ends, so that nobody should wait any more."""
        return self._closed

    @contextmanager
    def listening(self, bell: str, listener: Callable[[], None]) -> Iterator[None]:
        """Call `listener` at each ring inside the block, and at once if all is closed."""
        with self._lock:
            self._listeners.setdefault(bell, set()).add(listener)
            closed = self._closed
        if closed:
            listener()
        try:
            yield
        finally:
            with self._lock:
                self._listeners[bell].discard(listener)
                if not self._listeners[bell]:
                    del self._listeners[bell]

    def ring(self, *bells: str) -> None:
        """Wake everybody who listens to one of these."""
        with self._lock:
            woken = [each for bell in bells for each in self._listeners.get(bell, ())]
        for listener in woken:
            listener()

    def close(self) -> None:
        """Wake everybody for good."""
        with self._lock:
            self._closed = True
            woken = [each for listeners in self._listeners.values() for each in listeners]
        for listener in woken:
            listener()
