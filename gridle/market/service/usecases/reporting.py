"""Nodes report: committed, revealed, failed, returned, saved. Each report may come twice."""

from __future__ import annotations

import tarfile
from dataclasses import replace

import msgspec
from sqlalchemy import Connection

from gridle.market.protocol.commitment import commitment
from gridle.market.protocol.ids import PublicKey
from gridle.market.protocol.messages import (
    CheckpointRef,
    Committed,
    Failed,
    ReportAnswer,
    ReportBatch,
    ReportReply,
    Returned,
    Revealed,
    Saved,
    TaskReport,
)
from gridle.market.protocol.sentence import Sentence
from gridle.market.service import bells
from gridle.market.service.domain import task as task_rules
from gridle.market.service.domain.attempt import DELIVERED, RENEWABLE, Attempt, AttemptState
from gridle.market.service.domain.job import Job
from gridle.market.service.domain.task import Task, TaskEvent, moved
from gridle.market.service.store import attempts, blob_rows, jobs
from gridle.market.service.usecases import checkpoints
from gridle.market.service.usecases.market import Market
from gridle.market.service.usecases.resuming import resume

_OVERHEAD_PER_FILE_BYTES = 2 * tarfile.BLOCKSIZE
_EXTRA_BLOCKS = 20


def report(market: Market, node: PublicKey, batch: ReportBatch) -> ReportReply:
    """Take a batch of reports, each answered on its own, all in one transaction."""
    touched: set[str] = set()
    with market.database.write() as connection:
        answers = []
        for each in batch.reports:
            desk = _Desk(market, connection, node)
            answers.append(desk.take(each))
            touched |= desk.touched
    rung = [bells.WORK] if touched else []
    market.bells.ring(*rung, *map(bells.of_job, touched))
    return ReportReply(tuple(answers))


class _Desk:
    """Takes one report inside a transaction."""

    def __init__(self, market: Market, connection: Connection, node: PublicKey) -> None:
        self._market = market
        self._connection = connection
        self._node = node
        self.touched: set[str] = set()

    def take(self, untrusted_report: TaskReport) -> ReportAnswer:
        answer = self._answer(untrusted_report)
        if isinstance(untrusted_report, Saved | Returned) and untrusted_report.checkpoint:
            sha256 = untrusted_report.checkpoint.sha256
            blob_rows.mark_checkpoint(self._connection, sha256, self._node, self._market.now())
        return answer

    def _answer(self, untrusted_report: TaskReport) -> ReportAnswer:
        attempt = attempts.find(self._connection, untrusted_report.lease_id, self._node)
        lapsed = attempt is not None and attempt.state is AttemptState.LAPSED
        if attempt is not None and lapsed and not isinstance(untrusted_report, Saved):
            attempt = resume(self._connection, attempt)  # a late state may be older than the task's
        if attempt is None:
            return ReportAnswer(untrusted_report.lease_id, "lost")
        match untrusted_report:
            case Committed():
                return self._committed(attempt, untrusted_report)
            case Revealed():
                return self._revealed(attempt, untrusted_report)
            case Failed():
                return self._failed(attempt, untrusted_report)
            case Returned():
                return self._returned(attempt, untrusted_report.checkpoint)
            case Saved():
                return self._saved(attempt, untrusted_report.checkpoint)

    def _committed(self, attempt: Attempt, told: Committed) -> ReportAnswer:
        if attempt.state is AttemptState.LEASED:
            bound = replace(
                attempt,
                state=AttemptState.COMMITTED,
                commitment_sha256=told.commitment_sha256,
                expires_at=self._market.now() + self._market.settings.lease_s,
            )
            task = self._task(attempt)
            self._save(bound, moved(task, TaskEvent.COMMIT))
            return ReportAnswer(attempt.lease_id, "ok")
        if attempt.state not in DELIVERED | RENEWABLE:
            return ReportAnswer(attempt.lease_id, "lost")
        if attempt.commitment_sha256 == told.commitment_sha256:
            return ReportAnswer(attempt.lease_id, "ok")
        return _refused(
            attempt,
            "Another result was committed to under this lease; the first one stands.",
            "此租约下已承诺了另一个结果；以先前的为准。",
        )

    def _revealed(self, attempt: Attempt, told: Revealed) -> ReportAnswer:
        if attempt.state in DELIVERED and attempt.result_sha256 == told.result_sha256:
            return ReportAnswer(attempt.lease_id, "ok")
        if attempt.state in DELIVERED or attempt.state is AttemptState.LEASED:
            return _refused(
                attempt,
                "A result must be committed to before it is revealed, once; commit first.",
                "结果须先承诺后公开，且仅一次；请先提交承诺。",
            )
        if attempt.state is not AttemptState.COMMITTED:
            return ReportAnswer(attempt.lease_id, "lost")
        task = self._task(attempt)
        job = self._job(task)
        why = self._objection(attempt, told, job)
        if why is not None:
            self._fail(attempt, task, why.en)
            return ReportAnswer(attempt.lease_id, "refused", why)
        blob_rows.pin(self._connection, [told.result_sha256])
        now = self._market.now()
        shown = replace(
            attempt,
            state=AttemptState.REVEALED,
            result_sha256=told.result_sha256,
            verdict_due_at=self._market.verification.due_at(job, now),
        )
        task = replace(
            moved(task, TaskEvent.REVEAL),
            result_sha256=told.result_sha256,
            usage_json=msgspec.json.encode(told.usage).decode(),
        )
        self._save(shown, task)
        return ReportAnswer(attempt.lease_id, "ok")

    def _objection(self, attempt: Attempt, told: Revealed, job: Job) -> Sentence | None:
        if commitment(told.result_sha256, told.salt, self._node) != attempt.commitment_sha256:
            return Sentence(
                "The revealed result is not the one that was committed to; it does not count.",
                "公开的结果与先前的承诺不符，不予计算。",
            )
        size = blob_rows.size_bytes(self._connection, told.result_sha256)
        if size is None:
            return Sentence(
                "The revealed result was not uploaded; upload a result before revealing it.",
                "公开的结果尚未上传；请先上传再公开。",
            )
        files = job.output_max_files + _EXTRA_BLOCKS
        if size > job.output_max_bytes + files * _OVERHEAD_PER_FILE_BYTES:
            return Sentence(
                f"The result is larger than the {job.output_max_bytes} bytes that this job allows.",
                f"结果超过此任务允许的 {job.output_max_bytes} 字节。",
            )
        return None

    def _failed(self, attempt: Attempt, told: Failed) -> ReportAnswer:
        if attempt.state in RENEWABLE:
            self._fail(attempt, self._task(attempt), told.reason)
        return _ended(attempt, AttemptState.FAILED)

    def _returned(self, attempt: Attempt, untrusted: CheckpointRef | None) -> ReportAnswer:
        """Take the task back, in any case; a checkpoint that is of no use is left aside."""
        why = None
        if attempt.state in RENEWABLE:
            task, why = self._going_on_from(untrusted, self._task(attempt))
            ended = task_rules.attempt_ended(task, self._job(task).state)
            self._save(replace(attempt, state=AttemptState.RETURNED), ended)
        return msgspec.structs.replace(_ended(attempt, AttemptState.RETURNED), explanation=why)

    def _saved(self, attempt: Attempt, untrusted: CheckpointRef) -> ReportAnswer:
        if attempt.state in DELIVERED or attempt.state is AttemptState.COMMITTED:
            return _refused(
                attempt,
                "A result was committed to under this lease, so its saved state is of no use.",
                "此租约下已承诺了结果，保存的状态不再有用。",
            )
        if attempt.state is not AttemptState.LEASED:
            return ReportAnswer(attempt.lease_id, "lost")
        task, why = self._going_on_from(untrusted, self._task(attempt))
        if why is not None:
            return ReportAnswer(attempt.lease_id, "refused", why)
        expires_at = self._market.now() + self._market.settings.lease_s
        self._save(replace(attempt, expires_at=expires_at), task)
        return ReportAnswer(attempt.lease_id, "ok")

    def _going_on_from(
        self, untrusted: CheckpointRef | None, task: Task
    ) -> tuple[Task, Sentence | None]:
        """Return the task with the checkpoint, or as it was and why it was not taken."""
        if untrusted is None:
            return task, None
        why = checkpoints.objection(self._connection, self._job(task), untrusted)
        return (task if why else task_rules.going_on_from(untrusted, task)), why

    def _fail(self, attempt: Attempt, task: Task, reason: str) -> None:
        job_state, now = self._job(task).state, self._market.now()
        ended = task_rules.attempt_failed(task, job_state, reason, now)
        self._save(replace(attempt, state=AttemptState.FAILED), ended)

    def _job(self, task: Task) -> Job:
        return jobs.get(self._connection, task.job_id)

    def _task(self, attempt: Attempt) -> Task:
        task = jobs.task(self._connection, attempt.task_id)
        if task is None:
            raise LookupError(attempt.task_id)
        return task

    def _save(self, attempt: Attempt, task: Task) -> None:
        attempts.save(self._connection, attempt)
        jobs.save_tasks(self._connection, [task], task.job_id)
        self.touched.add(task.job_id)


def _ended(attempt: Attempt, end: AttemptState) -> ReportAnswer:
    """Answer a report that ended this attempt (before), or came too late to do so."""
    is_taken = attempt.state in RENEWABLE or attempt.state is end
    return ReportAnswer(attempt.lease_id, "ok" if is_taken else "lost")


def _refused(attempt: Attempt, en: str, zh: str) -> ReportAnswer:
    return ReportAnswer(attempt.lease_id, "refused", Sentence(en, zh))
