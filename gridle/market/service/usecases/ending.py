"""What ends by time or by wish: leases run out, deadlines pass, requestors cancel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection

from gridle.market.protocol.ids import JobId, PublicKey
from gridle.market.protocol.job_messages import JobStatus
from gridle.market.protocol.states import JobState
from gridle.market.service import bells
from gridle.market.service.domain import task as task_rules
from gridle.market.service.domain.attempt import AttemptState
from gridle.market.service.domain.job import Job
from gridle.market.service.domain.task import UNCOMMITTED, TaskEvent, moved
from gridle.market.service.store import attempts, jobs
from gridle.market.service.usecases.job_view import own_job, status
from gridle.market.service.usecases.market import Market


def cancel(market: Market, key: PublicKey, job_id: JobId) -> JobStatus:
    """Stop a job: what no node has committed to ends now, what is committed is still judged.

    Cancelling twice, or a job that has ended, changes nothing.

    Raises:
        NotFoundError: no such job, or not one of this key's payers.
    """
    with market.database.write() as connection:
        job = own_job(connection, key, job_id)
        if job.state is JobState.OPEN:
            _end(connection, job, JobState.CANCELLED, TaskEvent.CANCEL)
        answer = status(market, connection, jobs.get(connection, job_id))
    market.bells.ring(bells.of_job(job_id))
    return answer


def end_leases(market: Market) -> None:
    """Queue again the tasks whose lease ran out."""
    touched: set[JobId] = set()
    with market.database.read() as connection:
        if not attempts.run_out(connection, market.now()):
            return
    with market.database.write() as connection:
        for attempt in attempts.run_out(connection, market.now()):
            task = jobs.task(connection, attempt.task_id)
            if task is None:
                raise LookupError(attempt.task_id)
            state = jobs.get(connection, task.job_id).state
            attempts.save(connection, replace(attempt, state=AttemptState.LAPSED))
            lapsed = task_rules.attempt_lapsed(task, state, market.now())
            jobs.save_tasks(connection, [lapsed], task.job_id)
            touched.add(task.job_id)
    _ring(market, touched)


def end_jobs(market: Market) -> None:
    """End the jobs whose deadline has passed."""
    with market.database.read() as connection:
        if not jobs.past_deadline(connection, market.now()):
            return
    with market.database.write() as connection:
        ended = jobs.past_deadline(connection, market.now())
        for job in ended:
            _end(connection, job, JobState.EXPIRED, TaskEvent.EXPIRE)
    _ring(market, {job.job_id for job in ended})


def _end(connection: Connection, job: Job, state: JobState, event: TaskEvent) -> None:
    ended = []
    for task in jobs.all_tasks(connection, job.job_id):
        if task.state not in UNCOMMITTED:
            continue
        ended.append(replace(moved(task, event), lease_id=None, node=None, payee=None))
        attempt = attempts.open_of_task(connection, task.task_id)
        if attempt is not None:
            attempts.save(connection, replace(attempt, state=AttemptState.CANCELLED))
    jobs.save(connection, job, state=state)
    jobs.save_tasks(connection, ended, job.job_id)


def _ring(market: Market, touched: Iterable[JobId]) -> None:
    names = list(map(bells.of_job, touched))
    if names:
        market.bells.ring(bells.WORK, *names)
