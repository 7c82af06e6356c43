from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.market.protocol.states import FINAL_TASK_STATES, JobState, TaskState
from gridle.market.service.domain.task import (
    MAX_FAILURES,
    ImpossibleMoveError,
    Task,
    TaskEvent,
    attempt_ended,
    attempt_failed,
    leased,
    moved,
)

TASK = Task("job-" + "0" * 16 + ".0", "job-" + "0" * 16, 0)
NODE, PAYEE, LEASE = "aa" * 32, "0x" + "01" * 20, "lease-" + "0" * 24


def _states(events: list[TaskEvent]) -> list[TaskState]:
    task, seen = TASK, [TASK.state]
    for event in events:
        try:
            task = moved(task, event)
        except ImpossibleMoveError:
            continue
        seen.append(task.state)
    return seen


@given(st.lists(st.sampled_from(TaskEvent), max_size=40))
def test_whatever_happens_final_is_final_and_awards_follow_a_reveal(
    events: list[TaskEvent],
) -> None:
    seen = _states(events)
    for i, state in enumerate(seen[:-1]):
        assert state not in FINAL_TASK_STATES, seen[i:]
    if TaskState.AWARDED in seen:
        end = [TaskState.COMMITTED, TaskState.REVEALED, TaskState.ACCEPTED, TaskState.AWARDED]
        assert seen[-4:] == end


def test_a_task_that_fails_too_often_is_given_up_with_its_reason() -> None:
    task = TASK
    for n in range(MAX_FAILURES):
        assert task.state is TaskState.QUEUED
        given = leased(task, LEASE, NODE, PAYEE)
        task = attempt_failed(given, JobState.OPEN, "broken", float(n))
    assert task.state is TaskState.CANCELLED
    assert (task.failure, task.failed_node, task.attempts) == ("broken", NODE, MAX_FAILURES)


@pytest.mark.parametrize(
    ("job", "state"),
    [
        (JobState.OPEN, TaskState.QUEUED),
        (JobState.CANCELLED, TaskState.CANCELLED),
        (JobState.EXPIRED, TaskState.EXPIRED),
    ],
)
def test_a_lease_that_ends_leaves_the_task_as_its_job_wants(
    job: JobState, state: TaskState
) -> None:
    task = attempt_ended(leased(TASK, LEASE, NODE, PAYEE), job)
    assert (task.state, task.node, task.lease_id, task.failures) == (state, None, None, 0)
