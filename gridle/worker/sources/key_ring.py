"""The keys of this machine's sealed tasks, in memory alone, for as long as each task is here."""

from __future__ import annotations

import threading
from collections.abc import Callable

from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.sealing import TaskKeys


class KeyRing:
    """Asks for a task's keys once. Safe to be used from any thread."""

    def __init__(self, ask: Callable[[LeaseId], TaskKeys]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._keys: dict[LeaseId, TaskKeys] = {}

    def of(self, lease_id: LeaseId) -> TaskKeys:
        """Return a task's keys, waiting for its requestor the first time (blocks).

        Raises:
            GridleError: as `Source.task_keys`.
        """
        with self._lock:
            known = self._keys.get(lease_id)
        if known is None:
            known = self._ask(lease_id)
            with self._lock:
                self._keys[lease_id] = known
        return known

    def drop(self, lease_id: LeaseId) -> None:
        """Forget the keys of a task that has ended."""
        with self._lock:
            self._keys.pop(lease_id, None)
