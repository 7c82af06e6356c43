"""Fetches the keys of sealed tasks: the requestor wraps them once it sees who has the lease."""

from __future__ import annotations

import time

from gridle.market.protocol import routes
from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.job_messages import WrappedKeys
from gridle.market.protocol.sealing import TaskKeys
from gridle.market.protocol.sealing_identity import SealingIdentity
from gridle.worker.sources.pace import ending
from gridle.worker.sources.port import NoKeysError
from gridle.worker.sources.session import MarketSession

PATIENCE_S = 240.0
"""For so long a requestor may be away before its task is given back."""
WAIT_S = 25.0
_PAUSE_S = 2.0
"""After an answer that came at once although nothing was there, and after none."""


class KeyFetching:
    """One long-poll for each task that waits. May be asked by several threads at once."""

    def __init__(
        self,
        session: MarketSession,
        sealing: SealingIdentity | None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._session = session
        self._sealing = sealing
        self._patience_s = patience_s

    def fetch(self, lease_id: LeaseId) -> TaskKeys:
        """Return the keys of a sealed task (blocks).

        Raises:
            NoKeysError: none came in time, or none that this machine can open.
            GridleError: the lease is no longer ours, or the source closes.
        """
        if self._sealing is None:
            raise _none_came()
        ends_at = time.monotonic() + self._patience_s
        while (left_s := ends_at - time.monotonic()) > 0:
            found = self._ask(lease_id, min(WAIT_S, left_s))
            if self._session.stopped.is_set():
                raise ending()
            if found.key is not None:
                return self._unwrapped(self._sealing, found.key.wrapped, lease_id)
        raise _none_came()

    def _ask(self, lease_id: LeaseId, wait_s: float) -> WrappedKeys:
        """Ask once; a market that does not answer now has no keys now."""
        asked_at = time.monotonic()
        path = f"{routes.lease_key(lease_id)}?wait_s={wait_s:.3f}"
        try:
            found = self._session.http.get(path, WrappedKeys, what="wrapped keys", wait_s=wait_s)
        except UnavailableError:
            found = WrappedKeys(None)
        pause_s = min(_PAUSE_S, wait_s) - (time.monotonic() - asked_at)
        if found.key is None and pause_s > 0:
            self._session.stopped.wait(pause_s)
        return found

    @staticmethod
    def _unwrapped(sealing: SealingIdentity, untrusted: str, lease_id: LeaseId) -> TaskKeys:
        try:
            return sealing.unwrap(untrusted, lease_id)
        except InvalidInputError as error:
            raise NoKeysError(error.sentence.en, error.sentence.zh) from error


def _none_came() -> NoKeysError:
    return NoKeysError(
        "The requestor of a sealed task sent no keys for its data in time, so the task was given "
        "back; nothing is wrong with this machine.",
        "密封任务的需求方未及时发送数据密钥，因此该任务已退回；本机没有问题。",
    )
