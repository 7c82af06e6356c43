from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from gridle.market.protocol.manifest import CheckpointRule, checkpoint_blob_max_bytes
from gridle.market.protocol.messages import (
    CheckpointRef,
    Committed,
    Failed,
    Lease,
    LeaseRequest,
    ReportAnswer,
    Returned,
    Saved,
)
from gridle.market.protocol.states import TaskState
from gridle.market.service.store.parties import Node
from gridle.market.service.usecases import ending, leasing
from tests.rigs.market_inside import USAGE, Inside

RULE = CheckpointRule(format_version=1, max_bytes=1000)


def held(inside: Inside, node: Node) -> Lease:
    """Return a lease of a new job whose tasks save their state."""
    inside.submit(checkpoint=RULE)
    return inside.lease(node).leases[0]


def saved(inside: Inside, node: Node, lease: Lease, state: bytes) -> ReportAnswer:
    ref = inside.save(node, state)
    return inside.report(node, Saved(lease.lease_id, ref))


def next_start(inside: Inside, number: int = 1) -> CheckpointRef | None:
    """Return where the next node begins."""
    return inside.lease(inside.node(number)).leases[0].checkpoint


def test_a_returned_task_goes_on_at_the_next_node(inside: Inside) -> None:
    node = inside.node(0)
    lease = held(inside, node)
    assert lease.checkpoint is None
    ref = inside.save(node, b"half", done_cpu_s=7.5)
    answer = inside.report(node, Returned(lease.lease_id, ref))
    assert (answer.outcome, answer.explanation) == ("ok", None)
    assert inside.detail(lease.task_id.partition(".")[0]).tasks[0].saved_cpu_s == 7.5
    assert next_start(inside) == ref


def test_a_task_returned_without_one_goes_on_from_the_last(inside: Inside) -> None:
    node = inside.node(0)
    lease = held(inside, node)
    saved(inside, node, lease, b"half")
    inside.report(node, Returned(lease.lease_id))
    start = next_start(inside)
    assert start is not None
    assert start.sha256 == hashlib.sha256(b"half").hexdigest()


def test_saving_keeps_the_lease_and_may_come_twice(inside: Inside) -> None:
    node = inside.node(0)
    lease = held(inside, node)
    for _ in range(2):
        inside.clock += 50
        assert saved(inside, node, lease, b"half").outcome == "ok"
        ending.end_leases(inside.market)
    detail = inside.detail(lease.task_id.partition(".")[0])
    assert detail.tasks[0].state is TaskState.LEASED


def test_a_node_that_dies_loses_what_came_after_its_last_state(inside: Inside) -> None:
    node = inside.node(0)
    lease = held(inside, node)
    saved(inside, node, lease, b"first")
    saved(inside, node, lease, b"second")
    inside.clock += 61
    ending.end_leases(inside.market)
    start = next_start(inside)
    assert start is not None
    assert start.sha256 == hashlib.sha256(b"second").hexdigest()


@pytest.mark.parametrize("size", [1000, checkpoint_blob_max_bytes(1000)])
def test_a_state_may_be_as_large_as_the_job_says_and_sealed(inside: Inside, size: int) -> None:
    node = inside.node(0)
    lease = held(inside, node)
    assert saved(inside, node, lease, bytes(size)).outcome == "ok"


@pytest.mark.parametrize("fault", ["missing", "too large", "other size", "no rule"])
def test_a_useless_checkpoint_is_left_aside_and_the_return_stands(
    inside: Inside, fault: str
) -> None:
    node = inside.node(0)
    inside.submit(checkpoint=None if fault == "no rule" else RULE)
    lease = inside.lease(node).leases[0]
    size = checkpoint_blob_max_bytes(1000) + 1 if fault == "too large" else 10
    ref = inside.save(node, bytes(size))
    if fault == "missing":
        ref = CheckpointRef("0" * 64, size)
    if fault == "other size":
        ref = CheckpointRef(ref.sha256, size + 1)
    refused = inside.report(node, Saved(lease.lease_id, ref))
    assert (refused.outcome, refused.explanation is not None) == ("refused", True)
    answer = inside.report(node, Returned(lease.lease_id, ref))
    assert (answer.outcome, answer.explanation) == ("ok", refused.explanation)
    assert next_start(inside) is None


def test_a_state_after_the_result_was_bound_is_of_no_use(inside: Inside) -> None:
    node = inside.node(0)
    lease = held(inside, node)
    inside.report(node, Committed(lease.lease_id, "ab" * 32))
    assert saved(inside, node, lease, b"late").outcome == "refused"


def test_another_node_cannot_save_under_a_lease(inside: Inside) -> None:
    node, thief = inside.node(0), inside.node(1)
    lease = held(inside, node)
    assert saved(inside, thief, lease, b"poison").outcome == "lost"
    inside.report(node, Returned(lease.lease_id))
    assert next_start(inside, 2) is None


def test_a_failure_that_began_from_a_checkpoint_clears_it(inside: Inside) -> None:
    first, second = inside.node(0), inside.node(1)
    lease = held(inside, first)
    inside.report(first, Returned(lease.lease_id, inside.save(first, b"poison")))
    again = inside.lease(second).leases[0]
    assert again.checkpoint is not None
    saved(inside, second, again, b"poison, carried on")
    inside.report(second, Failed(again.lease_id, "unreadable state", USAGE))
    assert next_start(inside, 2) is None


def test_a_failure_takes_what_its_node_saved_with_it(inside: Inside) -> None:
    node = inside.node(0)
    lease = held(inside, node)
    saved(inside, node, lease, b"wrong already")
    inside.report(node, Failed(lease.lease_id, "a broken memory", USAGE))
    assert next_start(inside) is None


def test_a_rejected_result_takes_its_nodes_states_with_it(inside: Inside) -> None:
    node = inside.node(0)
    lease = held(inside, node)
    saved(inside, node, lease, b"on the way to a lie")
    inside.judge(lease, inside.deliver(node, lease), accepted=False)
    assert next_start(inside) is None


def test_what_comes_after_a_lease_ran_out_is_no_newer_state(inside: Inside) -> None:
    node = inside.node(0)
    lease = held(inside, node)
    inside.clock += 61
    ending.end_leases(inside.market)
    assert saved(inside, node, lease, b"late").outcome == "lost"
    assert next_start(inside) is None


def test_sealed_tasks_go_to_nodes_with_a_key_alone(inside: Inside) -> None:
    inside.submit(data_class="sealed", result_key="ab" * 32)
    node = inside.node(0)
    refused = inside.lease(node)
    assert refused.waiting is not None
    assert "sealed" in refused.waiting.en
    request = LeaseRequest(("wasm",), 1, 1, 2**36)
    able = replace(node, sealing_key="cd" * 32)
    assert leasing.lease(inside.market, able, request).leases
