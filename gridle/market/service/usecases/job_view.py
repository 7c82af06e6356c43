"""A job as its requestor sees it."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from gridle.market.protocol.ids import JobId, PublicKey
from gridle.market.protocol.job_messages import (
    AwaitedKey,
    JobDetail,
    JobList,
    JobStatus,
    TaskStatus,
)
from gridle.market.protocol.messages import TaskUsage
from gridle.market.protocol.sentence import Sentence
from gridle.market.protocol.states import JobState, TaskState
from gridle.market.service.domain import waiting
from gridle.market.service.domain.job import Job
from gridle.market.service.domain.task import Task
from gridle.market.service.errors import no_such_job
from gridle.market.service.store import jobs, lease_keys, money, parties
from gridle.market.service.usecases import cover
from gridle.market.service.usecases.market import Market

_MAX_LISTED = 200


def status(market: Market, connection: Connection, job: Job) -> JobStatus:
    """Return one job's status."""
    counts = dict(jobs.counts(connection, job.job_id))
    return JobStatus(
        job_id=job.job_id,
        name=job.name,
        title=job.title,
        state=job.state,
        runtime=job.runtime,
        manifest_sha256=job.manifest_sha256,
        price_units=job.price_units,
        budget_units=job.budget_units,
        awarded_units=money.awarded_units(connection, job.job_id),
        task_counts=counts,
        created_at=job.created_at,
        deadline_at=job.deadline_at,
        waiting=_waiting(market, connection, job, counts),
    )


def detail(market: Market, key: PublicKey, job_id: JobId) -> JobDetail:
    """Return one job with its tasks.

    Raises:
        NotFoundError: no such job, or not one of this key's payers.
    """
    with market.database.read() as connection:
        job = own_job(connection, key, job_id)
        is_sealed = job.data_class == "sealed"
        awaited = lease_keys.awaited(connection, job_id) if is_sealed else {}
        tasks = tuple(
            _task_status(task, awaited.get(task.task_id))
            for task in jobs.all_tasks(connection, job_id)
        )
        return JobDetail(status(market, connection, job), tasks, job.version)


def listing(market: Market, key: PublicKey) -> JobList:
    """Return a requestor's newest jobs, newest first."""
    with market.database.read() as connection:
        payers = parties.payers_of(connection, key)
        found = jobs.of_payers(connection, payers, _MAX_LISTED)
        return JobList(tuple(status(market, connection, job) for job in found))


def own_job(connection: Connection, key: PublicKey, job_id: JobId) -> Job:
    """Return a job of one of this key's payers.

    Raises:
        NotFoundError: there is none.
    """
    job = jobs.find(connection, job_id)
    if job is None or job.payer not in parties.payers_of(connection, key):
        raise no_such_job()
    return job


def _waiting(
    market: Market, connection: Connection, job: Job, counts: dict[TaskState, int]
) -> Sentence | None:
    is_worked_on = any(counts.get(state) for state in (TaskState.LEASED, TaskState.COMMITTED))
    if job.state is not JobState.OPEN or is_worked_on or not counts.get(TaskState.QUEUED):
        return None
    asking = market.presence.asking(market.now())
    is_funded = cover.is_funded(market, connection, job.payer)
    return waiting.for_requestor(job, asking, is_funded=is_funded)


def _task_status(task: Task, awaits: AwaitedKey | None) -> TaskStatus:
    usage = (
        None if task.usage_json is None else msgspec.json.decode(task.usage_json, type=TaskUsage)
    )
    return TaskStatus(
        task_id=task.task_id,
        index=task.task_index,
        state=task.state,
        attempts=task.attempts,
        node=task.node,
        payee=task.payee,
        result_sha256=task.result_sha256,
        usage=usage,
        failure=task.failure,
        cumulative_units=task.cumulative_units,
        awaits=awaits,
        saved_cpu_s=task.checkpoint.done_cpu_s if task.checkpoint else None,
    )
