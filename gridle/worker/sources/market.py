"""The Gridle market as a source of work: a thread for each thing that it waits for."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.ids import Address, LeaseId, Sha256
from gridle.market.protocol.messages import TaskReport
from gridle.market.protocol.sealing import TaskKeys
from gridle.market.protocol.sealing_identity import SealingIdentity
from gridle.worker.sources.backoff import backoff_s
from gridle.worker.sources.blob_cache import CACHE_BYTES, BlobCache
from gridle.worker.sources.delivering import Delivering
from gridle.worker.sources.keys import KeyFetching
from gridle.worker.sources.leasing import Leasing
from gridle.worker.sources.pace import Paces
from gridle.worker.sources.port import Capacity, SourceEvent, Transferred
from gridle.worker.sources.progress import OnProgress, tell_nobody
from gridle.worker.sources.renewing import Renewing
from gridle.worker.sources.saving import PATIENCE_S
from gridle.worker.sources.session import MarketSession
from gridle.worker.sources.settling import Settling
from gridle.worker.sources.signed_http import SignedHttp

_BLOB_TRIES = 5
_JOIN_S = 0.2


class MarketSource:
    """Work from the market at `url`, paid to `payout`; blobs are kept under `blob_folder`.

    A checkpoint is given up where it was not uploaded within `checkpoint_patience_s`. Without a
    `sealing` identity there are no sealed tasks.
    """

    def __init__(
        self,
        url: str,
        identity: Identity,
        payout: Address,
        blob_folder: Path,
        cache_bytes: int = CACHE_BYTES,
        checkpoint_patience_s: float = PATIENCE_S,
        *,
        sealing: SealingIdentity | None = None,
    ) -> None:
        self._http = SignedHttp(url, identity)
        self.paces = Paces(self._http.uploads, self._http.downloads)
        """Whatever else fetches for tasks counts here too, and keeps to the same limits."""
        self._blobs = BlobCache(blob_folder, self._http, cache_bytes)
        self._session = MarketSession(
            self._http, payout, _nobody_listens, sealing.public if sealing else None
        )
        self._keys = KeyFetching(self._session, sealing)
        self._delivering = Delivering(self._session, checkpoint_patience_s)
        self._threads: list[threading.Thread] = []

    def start(self, on_event: Callable[[SourceEvent], None], settled_after: int) -> None:
        """Begin; settlements are asked for from after this sequence number."""
        self._session.on_event = on_event
        steps = {
            "leasing": Leasing(self._session, self._blobs).step,
            "renewing": Renewing(self._session).step,
            "uploading": self._delivering.upload_step,
            "saving": self._delivering.saving.step,
            "delivering": self._delivering.step,
            "settling": Settling(self._session, settled_after).step,
        }
        for name, step in steps.items():
            # Daemon threads: a long-poll that nobody answers must not keep the worker from ending.
            thread = threading.Thread(
                target=self._session.keep_doing, args=(step,), name=name, daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def want(self, capacity: Capacity) -> None:
        """Say what could be taken now; replaces what was said before."""
        with self._session.lock:
            self._session.wanted = capacity
            self._session.wants.notify_all()

    def hold(self, lease_ids: frozenset[LeaseId]) -> None:
        """Say which leases to keep renewing; replaces what was said before."""
        with self._session.lock:
            self._session.held = lease_ids
            self._session.holds.notify_all()

    def report(self, report: TaskReport, archive: Path | None) -> None:
        """Deliver a report, with retries until answered; its result or checkpoint first."""
        self._delivering.put(report, archive)

    def keep(self, digests: Iterable[Sha256]) -> AbstractContextManager[None]:
        """For a block, let none of these blobs be evicted once it is here."""
        return self._blobs.keep(digests)

    def blob(self, sha256: Sha256, on_progress: OnProgress = tell_nobody) -> Path:
        """Return the local copy of a blob, fetched and checked by digest (blocks).

        Raises:
            GridleError: it cannot be had now, or is not what its digest says.
        """
        for failures in range(1, _BLOB_TRIES):
            try:
                return self._blobs.get(sha256, on_progress=on_progress)
            except UnavailableError:
                chance = random.random()  # noqa: S311 - jitter, no secret
                if self._session.stopped.wait(backoff_s(failures, chance)):
                    raise
        return self._blobs.get(sha256, on_progress=on_progress)

    def task_keys(self, lease_id: LeaseId) -> TaskKeys:
        """Return the keys of a sealed task, waiting some minutes for its requestor (blocks).

        Raises:
            NoKeysError: none came in time, or none that this machine can open.
            GridleError: the lease is no longer ours, or the source closes.
        """
        return self._keys.fetch(lease_id)

    def forget(self, blobs: Iterable[Sha256]) -> None:
        """Remove the local copies of blobs, whole or in part; those that are not here are fine."""
        for sha256 in blobs:
            self._blobs.forget(sha256)

    def limit(self, download_bytes_s: int | None, upload_bytes_s: int | None) -> None:
        """Hold blobs and results to these rates from now on; None: no limit, 0: they wait."""
        self._http.downloads.limit(download_bytes_s)
        self._http.uploads.limit(upload_bytes_s)

    def transferred(self) -> Transferred:
        """Return how much was sent and received so far."""
        return Transferred(self._http.uploads.total_bytes, self._http.downloads.total_bytes)

    def close(self) -> None:
        """Stop all threads and transfers; undelivered reports are the ledger's to repeat."""
        self._session.stop()
        self._delivering.stop()
        self._http.close()
        for thread in self._threads:
            thread.join(_JOIN_S)


def _nobody_listens(_event: SourceEvent) -> None:
    """Until `start`, nothing happens that anybody could hear of."""
