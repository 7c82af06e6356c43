from __future__ import annotations

from gridle.market.protocol.commitment import commitment
from gridle.market.protocol.messages import Committed, Failed, LeaseRenewals, Returned, Revealed
from gridle.market.protocol.states import JobState, TaskState
from gridle.market.service.usecases import ending, judging, leasing
from tests.rigs.market_inside import CLIENT_KEY, SALT, USAGE, Inside


def test_every_report_may_come_twice(inside: Inside) -> None:
    node, job = inside.node(0), inside.submit()
    lease = inside.lease(node).leases[0]
    inside.deliver(node, lease)
    result = inside.deliver(node, lease)
    assert inside.judge(lease, result, accepted=True).counted == (lease.task_id,)
    inside.deliver(node, lease)
    assert inside.judge(lease, result, accepted=True).counted == ()
    assert inside.detail(job.job_id).status.awarded_units == 10


def test_a_result_other_than_the_committed_one_does_not_count(inside: Inside) -> None:
    node, job = inside.node(0), inside.submit()
    lease = inside.lease(node).leases[0]
    inside.report(node, Committed(lease.lease_id, "ab" * 32))
    other = inside.store(b"something else")
    answer = inside.report(node, Revealed(lease.lease_id, other, SALT, USAGE))
    assert answer.outcome == "refused"
    task = inside.detail(job.job_id).tasks[0]
    assert task.state is TaskState.QUEUED
    assert task.failure


def test_a_result_must_be_uploaded_and_committed_to(inside: Inside) -> None:
    node, _job = inside.node(0), inside.submit()
    lease = inside.lease(node).leases[0]
    missing = Revealed(lease.lease_id, "00" * 32, SALT, USAGE)
    assert inside.report(node, missing).outcome == "refused"
    bound = commitment("00" * 32, SALT, node.node)
    inside.report(node, Committed(lease.lease_id, bound))
    assert inside.report(node, missing).outcome == "refused"


def test_another_node_cannot_report_on_a_lease(inside: Inside) -> None:
    node, thief, _job = inside.node(0), inside.node(1), inside.submit()
    lease = inside.lease(node).leases[0]
    assert inside.report(thief, Returned(lease.lease_id)).outcome == "lost"


def test_a_returned_task_is_queued_and_not_counted_as_failed(inside: Inside) -> None:
    node, job = inside.node(0), inside.submit()
    for _ in range(5):
        lease = inside.lease(node).leases[0]
        assert inside.report(node, Returned(lease.lease_id)).outcome == "ok"
    assert inside.report(node, Returned(lease.lease_id)).outcome == "ok"
    task = inside.detail(job.job_id).tasks[0]
    assert (task.state, task.attempts) == (TaskState.QUEUED, 5)


def test_a_task_that_fails_three_times_ends_its_job(inside: Inside) -> None:
    node, job = inside.node(0), inside.submit()
    for _ in range(3):
        lease = inside.lease(node).leases[0]
        assert inside.report(node, Failed(lease.lease_id, "out of range", USAGE)).outcome == "ok"
    detail = inside.detail(job.job_id)
    assert (detail.tasks[0].state, detail.tasks[0].failure) == (TaskState.CANCELLED, "out of range")
    assert detail.status.state is JobState.FINISHED


def test_a_lease_that_ran_out_is_resumed_only_while_nobody_else_has_it(inside: Inside) -> None:
    first, second, _job = inside.node(0), inside.node(1), inside.submit()
    lease = inside.lease(first).leases[0]
    inside.clock += 61
    ending.end_leases(inside.market)
    renewals = LeaseRenewals((lease.lease_id,))
    assert leasing.renew(inside.market, first.node, renewals).lost == ()
    inside.clock += 61
    ending.end_leases(inside.market)
    assert inside.lease(second).leases
    assert leasing.renew(inside.market, first.node, renewals).lost == (lease.lease_id,)
    assert inside.report(first, Committed(lease.lease_id, "ab" * 32)).outcome == "lost"


def test_silence_is_consent(inside: Inside) -> None:
    node, job = inside.node(0), inside.submit()
    inside.deliver(node, inside.lease(node).leases[0])
    inside.clock += 119
    judging.judge_silence(inside.market)
    assert inside.detail(job.job_id).tasks[0].state is TaskState.REVEALED
    inside.clock += 2
    judging.judge_silence(inside.market)
    task = inside.detail(job.job_id).tasks[0]
    assert (task.state, task.cumulative_units) == (TaskState.AWARDED, 10)


def test_a_cancelled_job_still_judges_what_was_committed(inside: Inside) -> None:
    node, job = inside.node(0), inside.submit(tasks=3)
    shown, held = inside.lease(node, slots=2).leases
    result = inside.deliver(node, shown)
    ending.cancel(inside.market, CLIENT_KEY, job.job_id)
    assert inside.report(node, Committed(held.lease_id, "ab" * 32)).outcome == "lost"
    assert inside.judge(shown, result, accepted=True).counted
    detail = inside.detail(job.job_id)
    states = [task.state for task in detail.tasks]
    assert states == [TaskState.AWARDED, TaskState.CANCELLED, TaskState.CANCELLED]
    assert detail.status.state is JobState.CANCELLED


def test_a_deadline_ends_what_nobody_committed_to(inside: Inside) -> None:
    node, job = inside.node(0), inside.submit(tasks=2)
    inside.lease(node)
    inside.clock += 3601
    ending.end_jobs(inside.market)
    detail = inside.detail(job.job_id)
    assert detail.status.state is JobState.EXPIRED
    assert {task.state for task in detail.tasks} == {TaskState.EXPIRED}
