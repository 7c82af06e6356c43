"""Nodes report: committed, revealed, failed, returned. Each report may come twice."""

from __future__ import annotations

import tarfile
from dataclasses import replace

import msgspec
from sqlalchemy import Connection

from gridle.market.protocol.commitment import commitment
from gridle.market.protocol.ids import PublicKey
from gridle.market.protocol.messages import (
    Committed,
    Failed,
    ReportAnswer,
    ReportBatch,
    ReportReply,
    Returned,
    Revealed,
    TaskReport,
)
from gridle.market.protocol.sentence import Sentence
from gridle.market.service import bells
from gridle.market.service.domain import task as task_rules
from gridle.market.service.domain.attempt import DELIVERED, RENEWABLE, Attempt, AttemptState
from gridle.market.service.domain.job import Job
from gridle.market.service.domain.task import Task, TaskEvent, moved
from gridle.market.service.store import attempts, blob_rows, jobs
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
        attempt = attempts.find(self._connection, untrusted_report.lease_id, self._node)
        if attempt is not None and attempt.state is AttemptState.LAPSED:
            attempt = resume(self._connection, attempt)
        if attempt is None:
            return ReportAnswer(untrusted_report.lease_id, "lost")
        match untrusted_report:
            case Committed():
                return self._committed(attempt, untrusted_report)
            case Revealed():
                return self._revealed(attempt, untrusted_report)
            case Failed():
                return self._given_up(attempt, AttemptState.FAILED, untrusted_report.reason)
            case Returned():
                return self._given_up(attempt, AttemptState.RETURNED, None)

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
        job = jobs.get(self._connection, task.job_id)
        why = self._objection(attempt, told, job)
        if why is not None:
            self._end(attempt, AttemptState.FAILED, task, why.en)
            return ReportAnswer(attempt.lease_id, "refused", why)
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

    def _given_up(self, attempt: Attempt, end: AttemptState, reason: str | None) -> ReportAnswer:
        if attempt.state is end:
            return ReportAnswer(attempt.lease_id, "ok")
        if attempt.state not in RENEWABLE:
            return ReportAnswer(attempt.lease_id, "lost")
        self._end(attempt, end, self._task(attempt), reason)
        return ReportAnswer(attempt.lease_id, "ok")

    def _end(self, attempt: Attempt, end: AttemptState, task: Task, reason: str | None) -> None:
        state = jobs.get(self._connection, task.job_id).state
        if end is AttemptState.FAILED:
            ended = task_rules.attempt_failed(task, state, reason or "", self._market.now())
        else:
            ended = task_rules.attempt_ended(task, state)
        self._save(replace(attempt, state=end), ended)

    def _task(self, attempt: Attempt) -> Task:
        task = jobs.task(self._connection, attempt.task_id)
        if task is None:
            raise LookupError(attempt.task_id)
        return task

    def _save(self, attempt: Attempt, task: Task) -> None:
        attempts.save(self._connection, attempt)
        jobs.save_tasks(self._connection, [task], task.job_id)
        self.touched.add(task.job_id)


def _refused(attempt: Attempt, en: str, zh: str) -> ReportAnswer:
    return ReportAnswer(attempt.lease_id, "refused", Sentence(en, zh))
