"""Delivers reports: the result first, then the report, again and again until answered."""

from __future__ import annotations

from pathlib import Path
from queue import Empty, SimpleQueue

from gridle.market.protocol import routes
from gridle.market.protocol.errors import RefusedError
from gridle.market.protocol.messages import (
    ReportAnswer,
    ReportBatch,
    ReportReply,
    Returned,
    Revealed,
    Saved,
    TaskReport,
)
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sources.parcel import Parcel
from gridle.worker.sources.port import Reported
from gridle.worker.sources.saving import Saving
from gridle.worker.sources.session import MarketSession

_MAX_BATCH = 256
_NO_ARCHIVE = Sentence(
    "The result's file is gone from this machine's disk; the task is lost.",
    "结果文件已从本机磁盘消失；该任务已丢失。",
)
_LOST = Sentence(
    "The market gave this task to somebody else, because it came too late.",
    "由于提交过晚，市场已将此任务交给他人。",
)
_UNSAID = Sentence("The market refused it without saying why.", "市场拒绝了它，但未说明原因。")


class Delivering:
    """Queues of results and states that are to be uploaded, and of reports, sent in batches.

    Each is for a thread of its own: what waits for its turn on a slow line holds up no other
    task's report, and a state no result, which is what is paid.
    """

    def __init__(self, session: MarketSession, checkpoint_patience_s: float) -> None:
        self._session = session
        self._uploads: SimpleQueue[Parcel | None] = SimpleQueue()
        self._uploading: Parcel | None = None
        """Under way, and tried again where that failed."""
        self._queue: SimpleQueue[Parcel | None] = SimpleQueue()
        self._parcels: list[Parcel] = []
        """Under way, and not answered yet."""
        self.saving = Saving(session, self._queue.put, self._tell, checkpoint_patience_s)

    def put(self, report: TaskReport, archive: Path | None) -> None:
        """Queue a report; returns at once."""
        parcel = Parcel(report, archive)
        if archive is not None and isinstance(report, Returned | Saved) and report.checkpoint:
            self.saving.put(parcel, archive, report.checkpoint)
            self._queue.put(None)  # whoever waits there keeps its time
            return
        self.saving.overtake(report.lease_id)
        has_result = archive is not None and isinstance(report, Revealed)
        (self._uploads if has_result else self._queue).put(parcel)

    def stop(self) -> None:
        """Wake the threads that wait for reports, so that they can end."""
        self._uploads.put(None)
        self._queue.put(None)
        self.saving.stop()

    def upload_step(self) -> None:
        """Wait for a result and upload it, before its report is sent; what fails is tried again."""
        if self._uploading is None:
            self._uploading = self._uploads.get()
        parcel = self._uploading
        if parcel is None:
            return
        self._session.market()
        refused = self._upload(parcel)
        self._uploading = None
        if refused is None:
            self._queue.put(parcel)
        else:
            self._tell(parcel, refused)

    def step(self) -> None:
        """Wait for reports and deliver a batch of them; what fails is tried again."""
        if not self._parcels:
            self._take(self._next())
        while len(self._parcels) < _MAX_BATCH:
            try:
                self._take(self._queue.get_nowait())
            except Empty:
                break
        if not self._parcels:
            return
        self._session.market()
        batch = ReportBatch(tuple(parcel.sent for parcel in self._parcels))
        reply = self._session.http.post(routes.REPORTS, batch, ReportReply, what="report reply")
        for parcel, answer in zip(tuple(self._parcels), reply.answers, strict=False):
            self._parcels.remove(parcel)
            remark = answer.explanation if answer.outcome == "ok" else None
            self._tell(parcel, _refusal(answer), parcel.lacking or remark)

    def _next(self) -> Parcel | None:
        """Wait for a report, or until one has waited long enough for its state."""
        self.saving.give_up_overdue()
        try:
            return self._queue.get(timeout=self.saving.patience_left_s())
        except Empty:
            return None

    def _take(self, parcel: Parcel | None) -> None:
        if parcel is not None:
            self._parcels.append(parcel)

    def _upload(self, parcel: Parcel) -> Sentence | None:
        """Upload a result; returns why it can never be, where that is so."""
        if parcel.archive is None or not isinstance(parcel.report, Revealed):
            return None
        sha256 = parcel.report.result_sha256
        try:
            self._session.http.put_file(routes.blob(sha256), parcel.archive, sha256)
        except RefusedError as error:
            return error.sentence
        except FileNotFoundError:
            return _NO_ARCHIVE
        return None

    def _tell(
        self, parcel: Parcel, refused: Sentence | None, remark: Sentence | None = None
    ) -> None:
        self._session.on_event(Reported(parcel.report.lease_id, parcel.report, refused, remark))


def _refusal(answer: ReportAnswer) -> Sentence | None:
    match answer.outcome:
        case "ok":
            return None
        case "lost":
            return answer.explanation or _LOST
        case "refused":
            return answer.explanation or _UNSAID
