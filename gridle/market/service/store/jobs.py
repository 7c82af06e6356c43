"""Jobs and their tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, insert, select, update

from gridle.market.protocol.ids import Address, JobId, TaskId, Units
from gridle.market.protocol.states import FINAL_TASK_STATES, JobState, TaskState
from gridle.market.service.domain import job as job_rules
from gridle.market.service.domain.job import Job
from gridle.market.service.domain.task import Task
from gridle.market.service.store import rows
from gridle.market.service.store.schema import jobs, tasks


def add(connection: Connection, job: Job, its_tasks: Sequence[Task]) -> None:
    """Store a new job with its tasks."""
    connection.execute(insert(jobs).values(rows.values(job)))
    connection.execute(insert(tasks), [rows.values(task) for task in its_tasks])


def find(connection: Connection, job_id: JobId) -> Job | None:
    """Return a job, or None."""
    return rows.one(connection, select(jobs).where(jobs.c.job_id == job_id), Job)


def get(connection: Connection, job_id: JobId) -> Job:
    """Return a job that another row names, so that it must be there."""
    job = find(connection, job_id)
    if job is None:
        raise LookupError(job_id)
    return job


def by_order(connection: Connection, order_digest: str) -> Job | None:
    """Return the job that this signed order made, or None."""
    return rows.one(connection, select(jobs).where(jobs.c.order_digest == order_digest), Job)


def of_payers(connection: Connection, payers: Sequence[Address], limit: int) -> Sequence[Job]:
    """Return the newest jobs of these payers, newest first."""
    query = (
        select(jobs)
        .where(jobs.c.payer.in_(payers))
        .order_by(jobs.c.created_at.desc(), jobs.c.job_id)
        .limit(limit)
    )
    return rows.many(connection, query, Job)


def open_jobs(connection: Connection, limit: int) -> Sequence[Job]:
    """Return open jobs with a queued task, the one served longest ago first."""
    waiting = select(tasks.c.task_id).where(
        tasks.c.job_id == jobs.c.job_id, tasks.c.state == TaskState.QUEUED.value
    )
    query = (
        select(jobs)
        .where(jobs.c.state == JobState.OPEN.value, waiting.exists())
        .order_by(jobs.c.served, jobs.c.created_at)
        .limit(limit)
    )
    return rows.many(connection, query, Job)


def any_open(connection: Connection) -> bool:
    """Tell whether any job is open."""
    query = select(jobs.c.job_id).where(jobs.c.state == JobState.OPEN.value).limit(1)
    return connection.scalar(query) is not None


def open_payers(connection: Connection) -> Sequence[Address]:
    """Return the payers of all open jobs."""
    query = select(jobs.c.payer).where(jobs.c.state == JobState.OPEN.value).distinct()
    return list(connection.scalars(query))


def past_deadline(connection: Connection, now: float) -> Sequence[Job]:
    """Return the open jobs whose deadline has passed."""
    query = select(jobs).where(jobs.c.state == JobState.OPEN.value, jobs.c.deadline_at <= now)
    return rows.many(connection, query, Job)


def queued(connection: Connection, job_id: JobId, limit: int) -> Sequence[Task]:
    """Return a job's next queued tasks in order."""
    query = (
        select(tasks)
        .where(tasks.c.job_id == job_id, tasks.c.state == TaskState.QUEUED.value)
        .order_by(tasks.c.task_index)
        .limit(limit)
    )
    return rows.many(connection, query, Task)


def all_tasks(connection: Connection, job_id: JobId) -> Sequence[Task]:
    """Return a job's tasks in order."""
    query = select(tasks).where(tasks.c.job_id == job_id).order_by(tasks.c.task_index)
    return rows.many(connection, query, Task)


def task(connection: Connection, task_id: TaskId) -> Task | None:
    """Return a task, or None."""
    return rows.one(connection, select(tasks).where(tasks.c.task_id == task_id), Task)


def counts(connection: Connection, job_id: JobId) -> Mapping[TaskState, int]:
    """Return how many tasks of a job are in each state."""
    query = (
        select(tasks.c.state, func.count()).where(tasks.c.job_id == job_id).group_by(tasks.c.state)
    )
    return {TaskState(state): n for state, n in connection.execute(query)}


def save_tasks(connection: Connection, changed: Sequence[Task], job_id: JobId) -> Job:
    """Store changed tasks of one job and what they make of the job; returns the job."""
    for each in changed:
        connection.execute(
            update(tasks).where(tasks.c.task_id == each.task_id).values(rows.values(each))
        )
    job = get(connection, job_id)
    state = job_rules.state_after(job.state, counts(connection, job_id))
    return save(connection, job, state=state)


def save(connection: Connection, job: Job, *, state: JobState, served: int | None = None) -> Job:
    """Store a job's state and turn, and count its version up; returns the job as stored."""
    connection.execute(
        update(jobs)
        .where(jobs.c.job_id == job.job_id)
        .values(
            state=state.value,
            version=jobs.c.version + 1,
            served=job.served if served is None else served,
        )
    )
    return get(connection, job.job_id)


def last_served(connection: Connection) -> int:
    """Return the highest turn that was given to a job."""
    return int(connection.scalar(select(func.max(jobs.c.served))) or 0)


def reserved_units(connection: Connection, payer: Address) -> Units:
    """Return the price of every task of a payer that may still be accepted."""
    query = (
        select(jobs.c.price_units, func.count())
        .join(tasks, tasks.c.job_id == jobs.c.job_id)
        .where(
            jobs.c.payer == payer,
            tasks.c.state.not_in([state.value for state in FINAL_TASK_STATES]),
        )
        .group_by(jobs.c.job_id)
    )
    return sum(price * n for price, n in connection.execute(query))
