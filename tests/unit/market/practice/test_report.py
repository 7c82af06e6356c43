from __future__ import annotations

from gridle.market.practice.report import paid_tasks
from gridle.market.protocol.job_messages import JobDetail, JobStatus, TaskStatus
from gridle.market.protocol.messages import TaskUsage
from gridle.market.protocol.states import JobState, TaskState

ME, OTHER = "0x" + "11" * 20, "0x" + "22" * 20


def _task(index: int, payee: str | None, cumulative_units: int | None) -> TaskStatus:
    return TaskStatus(
        task_id=f"job-{'0' * 16}.{index}",
        index=index,
        state=TaskState.AWARDED if cumulative_units else TaskState.QUEUED,
        attempts=1,
        payee=payee,
        result_sha256="a" * 64,
        usage=TaskUsage(1.5, 2.5, 10),
        cumulative_units=cumulative_units,
    )


def _job(*tasks: TaskStatus) -> JobDetail:
    status = JobStatus(
        job_id="job-" + "0" * 16,
        name="demo",
        title="Demo",
        state=JobState.OPEN,
        runtime="wasm",
        manifest_sha256="b" * 64,
        price_units=100,
        budget_units=300,
        awarded_units=0,
        task_counts={},
        created_at=0.0,
        deadline_at=1.0,
    )
    return JobDetail(status, tasks, 1)


def test_only_what_the_hub_paid_me_in_between_counts() -> None:
    job = _job(
        _task(0, ME, 100),
        _task(1, ME, 200),
        _task(2, ME, 300),
        _task(3, OTHER, 200),
        _task(4, None, None),
    )
    paid = paid_tasks([job], ME, claimed_before=100, claimed_after=200)
    assert [(task.id[-1], task.price_units, task.cpu_s) for task in paid] == [("1", 100, 1.5)]
    assert sum(task.price_units for task in paid) == 200 - 100
