"""A source of work without a network, on a stub market."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from gridle.market.protocol.errors import (
    GridleError,
    InvalidInputError,
    RefusedError,
    UnavailableError,
)
from gridle.market.protocol.ids import LeaseId, Sha256
from gridle.market.protocol.manifest import decode_manifest
from gridle.market.protocol.messages import Lease, Returned, Revealed, Saved, TaskReport
from gridle.market.protocol.sealing import TaskKeys
from gridle.market.protocol.sealing_identity import SealingIdentity
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sources.checks import check_lease
from gridle.worker.sources.leasing import lease_request
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
from gridle.worker.sources.progress import OnProgress, Progress, tell_nobody
from tests.fakes.market_stub import StubMarket
from tests.rigs.worker_jobs import DOMAIN, INFO

_ROUND_S = 0.02
PATIENCE_S = 1.0
"""For keys of a sealed task."""
_LACKING = Sentence("The state was not uploaded.", "状态未上传。")


@dataclass(eq=False)
class _Parcel:
    report: TaskReport
    archive: Path | None
    put_at: float = field(default_factory=time.monotonic)

    @property
    def holds_state(self) -> bool:
        return self.archive is not None and isinstance(self.report, Returned | Saved)

    @property
    def waits_for_room(self) -> bool:
        return self.archive is not None and isinstance(self.report, Returned | Saved | Revealed)


class FakeSource:
    """One thread that looks at the stub whenever that changes, and every fiftieth of a second."""

    def __init__(
        self,
        market: StubMarket,
        folder: Path,
        checkpoint_patience_s: float = 600.0,
        *,
        sealing: SealingIdentity | None = None,
    ) -> None:
        self._patience_s = checkpoint_patience_s
        self._market = market
        self._sealing = sealing
        self._folder = folder
        self._wanted = Capacity((), 0, 0, 0)
        self._held: frozenset[LeaseId] = frozenset()
        self._renewed: set[LeaseId] = set()
        self._parcels: list[_Parcel] = []
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
            self._parcels.append(_Parcel(report, archive))

    def keep(self, digests: Iterable[Sha256]) -> AbstractContextManager[None]:
        del digests  # nothing is ever evicted here
        return nullcontext()

    def blob(self, sha256: Sha256, on_progress: OnProgress = tell_nobody) -> Path:
        data = self._market.blobs.get(sha256)
        if data is None:
            raise UnavailableError("There is no such blob.", "没有此数据。")
        if hashlib.sha256(data).hexdigest() != sha256:
            raise RefusedError("This blob is not what its name says.", "此数据与其名称不符。")
        self._folder.mkdir(exist_ok=True)
        path = self._folder / sha256
        _pass(self._downloads, len(data))
        path.write_bytes(data)
        on_progress(Progress(len(data), len(data)))
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
        batch = self._market.take(lease_request(self._wanted, 0.0), 0.0)
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
            parcels, self._parcels = self._parcels, []
        for number, parcel in enumerate(parcels):
            later = [each.report.lease_id for each in parcels[number + 1 :]]
            if isinstance(parcel.report, Saved) and parcel.report.lease_id in later:
                self._refuse(parcel, tell)
            elif parcel.waits_for_room and (self._uploads_shut or self._market.is_full):
                self._wait(parcel, tell)
            else:
                self._upload(parcel)
                self._send(parcel, parcel.report, None, tell)

    def _wait(self, parcel: _Parcel, tell: Callable[[SourceEvent], None]) -> None:
        is_over = time.monotonic() >= parcel.put_at + self._patience_s
        if not (parcel.holds_state and is_over):
            with self._market.changed:
                self._parcels.append(parcel)
        elif isinstance(parcel.report, Returned):
            self._send(parcel, Returned(parcel.report.lease_id), _LACKING, tell)
        else:
            self._refuse(parcel, tell)

    def _upload(self, parcel: _Parcel) -> None:
        if parcel.waits_for_room and parcel.archive is not None:
            data = parcel.archive.read_bytes()
            _pass(self._uploads, len(data))
            self._market.store(data)

    def _send(
        self,
        parcel: _Parcel,
        sent: TaskReport,
        lacking: Sentence | None,
        tell: Callable[[SourceEvent], None],
    ) -> None:
        (answer,) = self._market.take_reports((sent,)).answers
        said = answer.explanation
        refused, remark = (None, said) if answer.outcome == "ok" else (said, None)
        tell(Reported(sent.lease_id, parcel.report, refused, lacking or remark))

    def _refuse(self, parcel: _Parcel, tell: Callable[[SourceEvent], None]) -> None:
        tell(Reported(parcel.report.lease_id, parcel.report, _LACKING))


def _pass(pace: Pace, size_bytes: int) -> None:
    while size_bytes > 0:
        piece_bytes = pace.take(size_bytes)
        pace.count(piece_bytes)
        size_bytes -= piece_bytes
