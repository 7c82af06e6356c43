"""Where a task goes on, over random lives: from the last state that was taken, and no other."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gridle.market.protocol.manifest import CheckpointRule, checkpoint_blob_max_bytes
from gridle.market.protocol.messages import CheckpointRef, Failed, Lease, Returned, Saved
from gridle.market.protocol.states import TaskState
from gridle.market.service.store import blob_rows
from gridle.market.service.store.parties import Node
from gridle.market.service.usecases import checkpoints, ending
from tests.rigs.market_inside import USAGE, Inside

TOO_LARGE = checkpoint_blob_max_bytes(100) + 1
ENDS = ("returned", "returned with a state", "failed", "rejected", "ran out")


@dataclass(frozen=True)
class Try:
    """What a node does with the task: states it saves (False: a useless one), how it ends."""

    saves: list[bool]
    end: str
    waits_s: float
    reports_late: bool


TRIES = st.builds(
    Try,
    saves=st.lists(st.booleans(), max_size=2),
    end=st.sampled_from(ENDS),
    waits_s=st.sampled_from([61.0, checkpoints.KEPT_S]),
    reports_late=st.booleans(),
)


class Life:
    """One task, and what is to be the start of its next attempt."""

    def __init__(self, inside: Inside) -> None:
        self.inside = inside
        self.job_id = inside.submit(
            checkpoint=CheckpointRule(format_version=1, max_bytes=100), deadline_s=1e6
        ).job_id
        self.last: CheckpointRef | None = None
        self.before: tuple[Node, Lease] | None = None
        self.states = 0

    @property
    def is_over(self) -> bool:
        return self.inside.detail(self.job_id).tasks[0].state is TaskState.CANCELLED

    def go_through(self, node: Node, one: Try) -> None:
        (lease,) = self.inside.lease(node).leases
        assert lease.checkpoint == self.last
        self.check_that_it_is_stored()
        if one.reports_late and self.before is not None:
            self.report_late(*self.before)
        for is_good in one.saves:
            ref = self.state(node, is_good=is_good)
            answer = self.inside.report(node, Saved(lease.lease_id, ref))
            assert answer.outcome == ("ok" if is_good else "refused")
            self.last = ref if is_good else self.last
        self.end(node, lease, one.end)
        self.before = (node, lease)
        self.inside.clock += one.waits_s
        ending.end_leases(self.inside.market)
        checkpoints.remove_unnamed(self.inside.market)

    def end(self, node: Node, lease: Lease, how: str) -> None:
        report: Returned | Failed = Returned(lease.lease_id)
        if how == "rejected":
            assert self.inside.judge(
                lease, self.inside.deliver(node, lease), accepted=False
            ).counted
            self.last = None
        if how in ("rejected", "ran out"):
            return
        if how == "returned with a state":
            self.last = self.state(node, is_good=True)
            report = Returned(lease.lease_id, self.last)
        if how == "failed":
            report = Failed(lease.lease_id, "broken", USAGE)
            self.last = None
        assert self.inside.report(node, report).outcome == "ok"

    def report_late(self, node: Node, lease: Lease) -> None:
        """Whatever the one before says now, counts for nothing."""
        ref = self.state(node, is_good=True)
        assert self.inside.report(node, Saved(lease.lease_id, ref)).outcome != "ok"
        self.inside.report(node, Returned(lease.lease_id, ref))

    def state(self, node: Node, *, is_good: bool) -> CheckpointRef:
        self.states += 1
        text = b"%d" % self.states
        return self.inside.save(node, text if is_good else text.ljust(TOO_LARGE))

    def check_that_it_is_stored(self) -> None:
        if self.last is None:
            return
        path = self.inside.market.blobs.path(self.last.sha256)
        assert path.stat().st_size == self.last.size_bytes
        with self.inside.market.database.read() as connection:
            assert blob_rows.size_bytes(connection, self.last.sha256) == self.last.size_bytes


@settings(max_examples=40, deadline=None)
@given(tries=st.lists(TRIES, min_size=2, max_size=6))
def test_each_attempt_begins_at_the_last_state_that_was_taken(tries: list[Try]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        inside = Inside(Path(folder))
        try:
            life = Life(inside)
            for number, one in enumerate(tries):
                if life.is_over:
                    break
                life.go_through(inside.node(number % 2), one)
        finally:
            inside.market.database.close()
