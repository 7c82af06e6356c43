"""Asks the market for work, and hands on only what was checked."""

from __future__ import annotations

import time
from dataclasses import replace

from gridle.market.protocol import routes
from gridle.market.protocol.errors import InvalidInputError, RefusedError
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.manifest import MAX_MANIFEST_BYTES, Manifest, decode_manifest
from gridle.market.protocol.messages import Lease, LeaseBatch, LeaseRequest, MarketInfo
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sources.blob_cache import BlobCache
from gridle.worker.sources.checks import check_lease, domain_of
from gridle.worker.sources.port import Capacity, NoWork, Offered
from gridle.worker.sources.session import MarketSession

WAIT_S = 25.0
_QUICK_ANSWER_S = 1.0
_NOTHING_NOW = Sentence(
    "The market has no work for this machine now; it is asked again by itself.",
    "市场目前没有适合本机的任务；将自动再次询问。",
)


def lease_request(wanted: Capacity, wait_s: float) -> LeaseRequest:
    """Return the request for what is wanted."""
    return LeaseRequest(
        runtimes=wanted.runtimes,
        slots=wanted.slots,
        cores=wanted.cores,
        memory_bytes=wanted.memory_bytes,
        ask_units_per_core_hour=wanted.ask_units_per_core_hour,
        wait_s=wait_s,
        gvisor=wanted.gvisor,
        network=wanted.network,
        gpus=wanted.gpus,
        gpu_memory_bytes=wanted.gpu_memory_bytes,
        not_jobs=wanted.not_jobs,
    )


class Leasing:
    """One long-poll at a time, and only while something is wanted."""

    def __init__(self, session: MarketSession, blobs: BlobCache) -> None:
        self._session = session
        self._blobs = blobs
        self._last: tuple[Sha256, Manifest] | None = None

    def step(self) -> None:
        """Wait until work is wanted, ask once, and hand on the answer."""
        info = self._session.market()
        self._session.http.downloads.wait_open()  # without its manifest no lease is of any use
        wanted = self._wait_until_wanted()
        if wanted is None:
            return
        request = lease_request(wanted, WAIT_S)
        asked_at = time.monotonic()
        batch = self._session.http.post(
            routes.LEASES, request, LeaseBatch, what="lease batch", wait_s=WAIT_S
        )
        accepted = sum(self._offer(lease, info) for lease in batch.leases[: wanted.slots])
        if not batch.leases:
            self._session.on_event(NoWork(batch.waiting or _NOTHING_NOW))
        if accepted == 0 and time.monotonic() - asked_at < _QUICK_ANSWER_S:
            self._session.stopped.wait(_QUICK_ANSWER_S)  # it did not wait, so we do

    def _wait_until_wanted(self) -> Capacity | None:
        """Return what is wanted; None where we are to end."""
        session = self._session
        with session.lock:
            session.wants.wait_for(lambda: session.wanted.slots > 0 or session.stopped.is_set())
            return None if session.stopped.is_set() else session.wanted

    def _offer(self, untrusted_lease: Lease, info: MarketInfo) -> bool:
        session = self._session
        try:
            manifest = self._manifest(untrusted_lease.order.order.manifest_sha256)
            check_lease(untrusted_lease, manifest, domain_of(info.chain))
        except (InvalidInputError, RefusedError) as error:
            session.on_event(NoWork(error.sentence))
            return False
        with session.lock:
            session.renewed_at[untrusted_lease.lease_id] = time.monotonic()
            session.wanted = replace(session.wanted, slots=max(0, session.wanted.slots - 1))
        session.on_event(Offered(untrusted_lease, manifest))
        return True

    def _manifest(self, sha256: Sha256) -> Manifest:
        """Return the manifest by its digest; jobs have many tasks, so the last one is kept."""
        if self._last is None or self._last[0] != sha256:
            data = self._blobs.get(sha256, MAX_MANIFEST_BYTES).read_bytes()
            self._last = (sha256, decode_manifest(data))
        return self._last[1]
