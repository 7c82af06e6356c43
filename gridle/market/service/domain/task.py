"""The life of a task at the market: queued → leased → committed → revealed → … → awarded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum, auto

from gridle.market.protocol.ids import Address, JobId, LeaseId, PublicKey, Sha256, TaskId, Units
from gridle.market.protocol.messages import CheckpointRef
from gridle.market.protocol.states import FINAL_TASK_STATES, JobState, TaskState

MAX_FAILURES = 3
"""After so many failed or rejected attempts a task is given up."""


class TaskEvent(StrEnum):
    """What can happen to a task."""

    LEASE = auto()
    COMMIT = auto()
    REVEAL = auto()
    ACCEPT = auto()
    REJECT = auto()
    AWARD = auto()
    REQUEUE = auto()
    CANCEL = auto()
    EXPIRE = auto()


_MOVES: dict[tuple[TaskState, TaskEvent], TaskState] = {
    (TaskState.QUEUED, TaskEvent.LEASE): TaskState.LEASED,
    (TaskState.LEASED, TaskEvent.COMMIT): TaskState.COMMITTED,
    (TaskState.COMMITTED, TaskEvent.REVEAL): TaskState.REVEALED,
    (TaskState.REVEALED, TaskEvent.ACCEPT): TaskState.ACCEPTED,
    (TaskState.REVEALED, TaskEvent.REJECT): TaskState.REJECTED,
    (TaskState.ACCEPTED, TaskEvent.AWARD): TaskState.AWARDED,
    **{
        (state, TaskEvent.REQUEUE): TaskState.QUEUED
        for state in (TaskState.LEASED, TaskState.COMMITTED, TaskState.REJECTED)
    },
    **{
        (state, event): end
        for state in (
            TaskState.QUEUED,
            TaskState.LEASED,
            TaskState.COMMITTED,
            TaskState.REJECTED,
        )
        for event, end in (
            (TaskEvent.CANCEL, TaskState.CANCELLED),
            (TaskEvent.EXPIRE, TaskState.EXPIRED),
        )
    },
}

WITH_NODE = frozenset({TaskState.LEASED, TaskState.COMMITTED})
"""A node works on it under a lease that can run out."""

UNCOMMITTED = frozenset({TaskState.QUEUED, TaskState.LEASED})
"""No node has bound itself to a result; the end of the job ends these at once."""


class ImpossibleMoveError(Exception):
    """An event came in a state in which it cannot happen: a fault of this program."""


@dataclass(frozen=True)
class Task:
    """One task; `node`, `payee` and the result are those of its current or last attempt."""

    task_id: TaskId
    job_id: JobId
    task_index: int
    state: TaskState = TaskState.QUEUED
    attempts: int = 0
    failures: int = 0
    lease_id: LeaseId | None = None
    node: PublicKey | None = None
    payee: Address | None = None
    result_sha256: Sha256 | None = None
    usage_json: str | None = None
    failure: str | None = None
    failed_node: PublicKey | None = None
    failed_at: float | None = None
    cumulative_units: Units | None = None
    checkpoint_sha256: Sha256 | None = None
    checkpoint_bytes: int | None = None
    checkpoint_cpu_s: float | None = None

    @property
    def checkpoint(self) -> CheckpointRef | None:
        """Where the next attempt goes on from."""
        if self.checkpoint_sha256 is None or self.checkpoint_bytes is None:
            return None
        cpu_s = self.checkpoint_cpu_s or 0.0
        return CheckpointRef(self.checkpoint_sha256, self.checkpoint_bytes, cpu_s)


def moved(task: Task, event: TaskEvent) -> Task:
    """Return the task after `event`; one that has ended needs no checkpoint any more.

    Raises:
        ImpossibleMoveError: the event cannot happen in the task's state.
    """
    state = _MOVES.get((task.state, event))
    if state is None:
        raise ImpossibleMoveError(f"{task.task_id}: {event} while {task.state}")
    after = replace(task, state=state)
    return going_on_from(None, after) if state in FINAL_TASK_STATES else after


def going_on_from(checkpoint: CheckpointRef | None, task: Task) -> Task:
    """Return the task as its next attempt is to begin: there, or with None at the beginning."""
    return replace(
        task,
        checkpoint_sha256=checkpoint.sha256 if checkpoint else None,
        checkpoint_bytes=checkpoint.size_bytes if checkpoint else None,
        checkpoint_cpu_s=checkpoint.done_cpu_s if checkpoint else None,
    )


def leased(task: Task, lease_id: LeaseId, node: PublicKey, payee: Address) -> Task:
    """Return the task given to a node, with what the last attempt left cleared."""
    return replace(
        moved(task, TaskEvent.LEASE),
        attempts=task.attempts + 1,
        lease_id=lease_id,
        node=node,
        payee=payee,
        result_sha256=None,
        usage_json=None,
    )


def attempt_ended(task: Task, job_state: JobState) -> Task:
    """Return the task after an attempt without an accepted result: queued again, or ended."""
    if job_state is JobState.EXPIRED:
        event = TaskEvent.EXPIRE
    elif job_state is JobState.CANCELLED or task.failures >= MAX_FAILURES:
        event = TaskEvent.CANCEL
    else:
        event = TaskEvent.REQUEUE
    return replace(moved(task, event), lease_id=None, node=None, payee=None, result_sha256=None)


def attempt_lapsed(task: Task, job_state: JobState, now: float) -> Task:
    """Return the task after its lease ran out, which is not counted as a failure of the task.

    It is kept for other nodes at first: one that takes tasks and is silent must not get them
    again and again.
    """
    node = task.node
    return replace(attempt_ended(task, job_state), failed_node=node, failed_at=now)


def attempt_failed(task: Task, job_state: JobState, reason: str, now: float) -> Task:
    """Return the task after an attempt that failed or was rejected, which is counted.

    The next attempt begins anew: a checkpoint may be the cause, whether the attempt began from it
    or saved it, and must not make every attempt fail.
    """
    counted = replace(
        task,
        failures=task.failures + 1,
        failure=reason,
        failed_node=task.node,
        failed_at=now,
    )
    return attempt_ended(going_on_from(None, counted), job_state)
