"""Money rules over random lives of many tasks: never twice, never more than was promised."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.messages import Lease, Redemption, Verdict
from gridle.market.protocol.states import TaskState
from gridle.market.service.relay import Relay
from gridle.market.service.usecases import ending, judging
from tests.rigs.market_inside import CLIENT_KEY, Inside

DEPOSIT_UNITS = 1_000_000


class Life(RuleBasedStateMachine):
    """Two nodes and one payer do what they may in any order, with the clock and the chain."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.inside = Inside(Path(self._folder.name), DEPOSIT_UNITS)
        self.nodes = [self.inside.node(0), self.inside.node(1)]
        self.jobs = [self.inside.submit(tasks=2, price_units=7).job_id]
        self.held: list[tuple[int, Lease]] = []
        self.shown: list[tuple[Lease, Sha256]] = []

    def teardown(self) -> None:
        self.inside.market.database.close()
        self._folder.cleanup()

    @rule(price=st.integers(1, 1000))
    def submit(self, price: int) -> None:
        self.inside.clock += 1
        self.jobs.append(self.inside.submit(tasks=2, price_units=price).job_id)

    @rule(node=st.integers(0, 1))
    def lease(self, node: int) -> None:
        batch = self.inside.lease(self.nodes[node])
        assert bool(batch.leases) != (batch.waiting is not None)
        self.held += [(node, lease) for lease in batch.leases]

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        node, lease = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        try:
            result = self.inside.deliver(self.nodes[node], lease)
        except AssertionError:
            return  # the lease was lost; that it is refused is what counts
        self.shown.append((lease, result))

    @precondition(lambda self: self.shown)
    @rule(data=st.data(), accepted=st.booleans())
    def judge(self, data: st.DataObject, accepted: bool) -> None:  # noqa: FBT001 - drawn
        lease, result = data.draw(st.sampled_from(self.shown))
        self.inside.judge(lease, result, accepted=accepted)

    @rule(seconds=st.sampled_from([1.0, 61.0, 200.0]))
    def time_passes(self, seconds: float) -> None:
        self.inside.clock += seconds
        judging.judge_silence(self.inside.market)
        ending.end_leases(self.inside.market)
        ending.end_jobs(self.inside.market)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        ending.cancel(self.inside.market, CLIENT_KEY, data.draw(st.sampled_from(self.jobs)))

    @rule(down=st.booleans())
    def redeem(self, down: bool) -> None:  # noqa: FBT001 - drawn
        self.inside.hub.down = down
        try:
            Relay(self.inside.market).redeem()
        except UnavailableError:
            assert down
        finally:
            self.inside.hub.down = False

    @rule()
    def restart(self) -> None:
        self.inside.market.database.close()
        self.inside.open()

    @invariant()
    def every_award_is_told_once_and_covered(self) -> None:
        awarded = {
            task.task_id
            for job_id in self.jobs
            for task in self.inside.detail(job_id).tasks
            if task.state is TaskState.AWARDED
        }
        told: list[str] = []
        for node in self.nodes:
            total = 0
            for event in self.inside.settlements(node):
                if isinstance(event, Verdict) and event.accepted:
                    told.append(event.task_id)
                    total += event.price_units
                    assert event.voucher is not None
                    assert event.voucher.voucher.cumulative_units == total
                if isinstance(event, Redemption):
                    assert event.claimed_units <= total
            paid = self.inside.hub.claims.get((self.inside.wallet.address, node.payout_address), 0)
            assert paid <= total
        assert sorted(told) == sorted(awarded)
        balance = self.inside.hub.balances[self.inside.wallet.address]
        assert balance + sum(self.inside.hub.claims.values()) == DEPOSIT_UNITS


Life.TestCase.settings = settings(
    max_examples=6,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestLife = Life.TestCase
