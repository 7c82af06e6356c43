"""Where tasks go on, over random lives: from the last state that was taken, and no other."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from gridle.market.protocol.ids import LeaseId, TaskId
from gridle.market.protocol.manifest import CheckpointRule, checkpoint_blob_max_bytes
from gridle.market.protocol.messages import CheckpointRef, Failed, Lease, Returned, Saved
from gridle.market.protocol.states import JobState
from gridle.market.service.store import blob_rows
from gridle.market.service.usecases import checkpoints, ending
from tests.rigs.market_inside import USAGE, Inside

RULE = CheckpointRule(format_version=1, max_bytes=100)
BACK = st.sampled_from([0, 0, 0, 0, 1, 2])
TOO_LARGE = checkpoint_blob_max_bytes(100) + 1


class Lives(RuleBasedStateMachine):
    """Two nodes report whatever they like under leases that they have or had."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.inside = Inside(Path(self._folder.name))
        self.nodes = [self.inside.node(0), self.inside.node(1)]
        self.submit()
        self.had: list[tuple[int, Lease]] = []
        self.ended: set[LeaseId] = set()
        self.last: dict[TaskId, CheckpointRef | None] = {}
        self.states = 0

    def submit(self) -> None:
        self.inside.clock += 1  # no two orders alike
        self.job_id = self.inside.submit(tasks=1, checkpoint=RULE, deadline_s=1e6).job_id

    def teardown(self) -> None:
        self.inside.market.database.close()
        self._folder.cleanup()

    @rule(node=st.integers(0, 1))
    def lease(self, node: int) -> None:
        batch = self.inside.lease(self.nodes[node])
        if self.inside.detail(self.job_id).status.state is not JobState.OPEN:
            self.submit()
        for lease in batch.leases:
            assert lease.checkpoint == self.last.get(lease.task_id)
            self.check_that_it_is_stored(lease.checkpoint)
            self.had.append((node, lease))

    @precondition(lambda self: self.had)
    @rule(back=BACK, is_good=st.integers(0, 3).map(bool), ends=st.booleans())
    def leave_a_state(self, back: int, *, is_good: bool, ends: bool) -> None:
        node, lease = self.one_of(back)
        ref = self.state(node, is_good=is_good)
        report = Returned(lease.lease_id, ref) if ends else Saved(lease.lease_id, ref)
        answer = self.inside.report(self.nodes[node], report)
        is_taken = answer.outcome == "ok" and answer.explanation is None
        if is_taken and lease.lease_id not in self.ended:
            assert is_good
            self.last[lease.task_id] = ref
        if ends and answer.outcome == "ok":
            self.ended.add(lease.lease_id)

    @precondition(lambda self: self.had)
    @rule(back=BACK, fails=st.booleans())
    def give_up(self, back: int, *, fails: bool) -> None:
        node, lease = self.one_of(back)
        report = Failed(lease.lease_id, "broken", USAGE) if fails else Returned(lease.lease_id)
        answer = self.inside.report(self.nodes[node], report)
        if answer.outcome == "ok" and lease.lease_id not in self.ended:
            self.ended.add(lease.lease_id)
            if fails and lease.checkpoint is not None:
                self.last[lease.task_id] = None

    @precondition(lambda self: self.had)
    @rule(back=BACK)
    def be_rejected(self, back: int) -> None:
        node, lease = self.one_of(back)
        try:
            result = self.inside.deliver(self.nodes[node], lease)
        except AssertionError:
            return  # the lease was lost
        if self.inside.judge(lease, result, accepted=False).counted:
            self.ended.add(lease.lease_id)
            self.last[lease.task_id] = None

    @rule()
    def all_leases_run_out(self) -> None:
        self.inside.clock += 61
        ending.end_leases(self.inside.market)

    @rule(seconds=st.sampled_from([1.0, checkpoints.KEPT_S]))
    def time_passes(self, seconds: float) -> None:
        self.inside.clock += seconds
        checkpoints.remove_unnamed(self.inside.market)

    @rule()
    def restart(self) -> None:
        self.inside.market.database.close()
        self.inside.open()

    def one_of(self, back: int) -> tuple[int, Lease]:
        """Return the newest lease, or one that is further back and mostly over."""
        return self.had[-1 - min(back, len(self.had) - 1)]

    def state(self, node: int, *, is_good: bool) -> CheckpointRef:
        self.states += 1
        text = b"%d" % self.states
        return self.inside.save(self.nodes[node], text if is_good else text.ljust(TOO_LARGE))

    def check_that_it_is_stored(self, ref: CheckpointRef | None) -> None:
        if ref is None:
            return
        assert self.inside.market.blobs.path(ref.sha256).stat().st_size == ref.size_bytes
        with self.inside.market.database.read() as connection:
            assert blob_rows.size_bytes(connection, ref.sha256) == ref.size_bytes


Lives.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestLives = Lives.TestCase
