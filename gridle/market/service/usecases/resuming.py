"""A lease that ran out is taken up again by its node, so that no work is lost for nothing."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from gridle.market.protocol.states import JobState, TaskState
from gridle.market.service.domain.attempt import Attempt, AttemptState
from gridle.market.service.domain.task import TaskEvent, moved
from gridle.market.service.store import attempts, jobs


def resume(connection: Connection, attempt: Attempt) -> Attempt:
    """Return the lapsed attempt as leased again where its task still waits; else as it is."""
    task = jobs.task(connection, attempt.task_id)
    if task is None or task.state is not TaskState.QUEUED:
        return attempt
    if jobs.get(connection, task.job_id).state is not JobState.OPEN:
        return attempt
    again = replace(attempt, state=AttemptState.LEASED)
    attempts.save(connection, again)
    given = replace(
        moved(task, TaskEvent.LEASE),
        lease_id=attempt.lease_id,
        node=attempt.node,
        payee=attempt.payee,
    )
    jobs.save_tasks(connection, [given], task.job_id)
    return again
