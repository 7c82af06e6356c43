"""Hands the keys of a sealed job's tasks to the nodes that wait for them, while it is followed."""

from __future__ import annotations

from collections.abc import Callable

from gridle.market.client.market_client import MarketClient
from gridle.market.protocol.errors import GridleError, InvalidInputError, RefusedError
from gridle.market.protocol.job_messages import JobDetail, LeaseKey, TaskStatus
from gridle.market.protocol.sealing import JobKey
from gridle.market.protocol.sealing_identity import verify_sealing_key, wrap


class KeyCourier:
    """Speaks for one job; whom its node did not vouch for gets nothing."""

    def __init__(
        self, client: MarketClient, key: JobKey, on_trouble: Callable[[GridleError], None]
    ) -> None:
        self._client = client
        self._key = key
        self._on_trouble = on_trouble

    def deliver(self, detail: JobDetail) -> int:
        """Wrap and post what is waited for; returns how many keys the market took.

        Raises:
            GridleError: the market does not answer, or refuses.
        """
        keys = [key for task in detail.tasks if (key := self._wrapped(task)) is not None]
        return self._client.hand_keys(detail.status.job_id, keys) if keys else 0

    def _wrapped(self, task: TaskStatus) -> LeaseKey | None:
        if task.awaits is None or task.node is None:
            return None
        lease_id = task.awaits.lease_id
        try:
            node_key = verify_sealing_key(task.node, task.awaits.sealing)
            return LeaseKey(lease_id, wrap(self._key.for_task(task.index), lease_id, node_key))
        except (RefusedError, InvalidInputError) as error:
            self._on_trouble(error)
            return None
