"""A source of work without a network, on a stub market."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from gridle.market.protocol.errors import (
    GridleError,
    InvalidInputError,
    RefusedError,
    UnavailableError,
)
from gridle.market.protocol.ids import LeaseId, Sha256
from gridle.market.protocol.manifest import decode_manifest
from gridle.market.protocol.messages import Lease, Revealed, TaskReport
from gridle.market.protocol.sealing import TaskKeys
from gridle.market.protocol.sealing_identity import SealingIdentity
from gridle.worker.sources.checks import check_lease
from gridle.worker.sources.pace import Pace
from gridle.worker.sources.port import (
    Capacity,
    Connected,
    Lost,
    NoKeysError,
    NoWork,
    Offered,
    Renewed,
    Reported,
    Settled,
    SourceEvent,
    Transferred,
)
from tests.fakes.market_stub import StubMarket
from tests.rigs.worker_jobs import DOMAIN, INFO

_ROUND_S = 0.02
PATIENCE_S = 1.0
"""For keys of a sealed task."""


class FakeSource:
    """One thread that looks at the stub whenever that changes, and every fiftieth of a second."""

    def __init__(
        self, market: StubMarket, folder: Path, sealing: SealingIdentity | None = None
    ) -> None:
        self._market = market
        self._sealing = sealing
        self._folder = folder
        self._wanted = Capacity((), 0, 0, 0)
        self._held: frozenset[LeaseId] = frozenset()
        self._renewed: set[LeaseId] = set()
        self._parcels: list[tuple[TaskReport, Path | None]] = []
        self._downloads = Pace()
        self._uploads = Pace()
        self._uploads_shut = False
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, on_event: Callable[[SourceEvent], None], settled_after: int) -> None:
        self._thread = threading.Thread(target=self._run, args=(on_event, settled_after))
        self._thread.start()

    def want(self, capacity: Capacity) -> None:
        with self._market.changed:
            self._wanted = capacity

    def hold(self, lease_ids: frozenset[LeaseId]) -> None:
        with self._market.changed:
            self._held = lease_ids

    def report(self, report: TaskReport, archive: Path | None) -> None:
        with self._market.changed:
            self._parcels.append((report, archive))

    def blob(self, sha256: Sha256) -> Path:
        data = self._market.blobs.get(sha256)
        if data is None:
            raise UnavailableError("There is no such blob.", "没有此数据。")
        if hashlib.sha256(data).hexdigest() != sha256:
            raise RefusedError("This blob is not what its name says.", "此数据与其名称不符。")
        self._folder.mkdir(exist_ok=True)
        path = self._folder / sha256
        _pass(self._downloads, len(data))
        path.write_bytes(data)
        return path

    def task_keys(self, lease_id: LeaseId) -> TaskKeys:
        ends_at = time.monotonic() + PATIENCE_S
        while not self._closed.is_set() and time.monotonic() < ends_at:
            found = self._market.wrapped_keys(lease_id, _ROUND_S)
            if found.key is not None and self._sealing is not None:
                try:
                    return self._sealing.unwrap(found.key.wrapped, lease_id)
                except InvalidInputError as error:
                    raise NoKeysError(error.sentence.en, error.sentence.zh) from error
        raise NoKeysError("No keys came.", "没有收到密钥。")

    def forget(self, blobs: Iterable[Sha256]) -> None:
        for sha256 in blobs:
            (self._folder / sha256).unlink(missing_ok=True)

    def limit(self, download_bytes_s: int | None, upload_bytes_s: int | None) -> None:
        self._uploads_shut = upload_bytes_s == 0
        self._downloads.limit(download_bytes_s)
        self._uploads.limit(upload_bytes_s)

    def transferred(self) -> Transferred:
        return Transferred(self._uploads.total_bytes, self._downloads.total_bytes)

    def close(self) -> None:
        self._closed.set()
        self._downloads.close()
        self._uploads.close()
        if self._thread is not None:
            self._thread.join()

    def _run(self, tell: Callable[[SourceEvent], None], settled_after: int) -> None:
        self._market.enrolled = self._sealing.public if self._sealing else None
        tell(Connected(INFO))
        while not self._closed.is_set():
            self._lease(tell)
            self._renew(tell)
            self._deliver(tell)
            page = self._market.page(settled_after, 0.0)
            if page.settlements:
                settled_after = page.next_after
                tell(Settled(page))
            self._closed.wait(_ROUND_S)

    def _lease(self, tell: Callable[[SourceEvent], None]) -> None:
        if self._wanted.slots == 0:
            return
        ask_units = self._wanted.ask_units_per_core_hour
        batch = self._market.take(self._wanted.slots, 0.0, ask_units)
        for lease in batch.leases:
            tell(self._checked(lease))
        if batch.leases:
            self._wanted = Capacity((), 0, 0, 0)

    def _checked(self, lease: Lease) -> SourceEvent:
        try:
            manifest = decode_manifest(self.blob(lease.order.order.manifest_sha256).read_bytes())
            check_lease(lease, manifest, DOMAIN)
        except GridleError as error:
            return NoWork(error.sentence)
        self._renewed.add(lease.lease_id)
        return Offered(lease, manifest)

    def _renew(self, tell: Callable[[SourceEvent], None]) -> None:
        new = self._held - self._renewed
        if not new:
            return
        self._renewed |= new
        reply = self._market.renew(tuple(new))
        for lease_id, expires_at in reply.expires_at.items():
            tell(Renewed(lease_id, expires_at))
        for lease_id in reply.lost:
            tell(Lost(lease_id))

    def _deliver(self, tell: Callable[[SourceEvent], None]) -> None:
        with self._market.changed:
            parcels = [each for each in self._parcels if each[1] is None or not self._uploads_shut]
            self._parcels = [each for each in self._parcels if each not in parcels]
        for report, archive in parcels:
            if isinstance(report, Revealed) and archive is not None:
                data = archive.read_bytes()
                _pass(self._uploads, len(data))
                self._market.store(data)
            (answer,) = self._market.take_reports((report,)).answers
            tell(Reported(report.lease_id, report, answer.explanation))


def _pass(pace: Pace, size_bytes: int) -> None:
    while size_bytes > 0:
        piece_bytes = pace.take(size_bytes)
        pace.count(piece_bytes)
        size_bytes -= piece_bytes
