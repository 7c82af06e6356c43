"""States of running tasks go to the market, so that a lost machine loses little."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from gridle.market.protocol.messages import CheckpointRef, Returned, Revealed, Saved
from gridle.worker.ipc.messages import PauseWork
from tests.fakes.market_stub import StubMarket
from tests.fakes.sandbox import STATE
from tests.rigs.agent_rig import AgentRig
from tests.rigs.worker_jobs import lease, lease_id
from tests.unit.worker.agent.test_agent_checkpoints import STEPS, delivered, job, result_of


@pytest.fixture
def market() -> StubMarket:
    return StubMarket()


@pytest.fixture
def rig(tmp_path: Path, market: StubMarket) -> Iterator[AgentRig]:
    rig = AgentRig(tmp_path, market)
    yield rig
    if rig.agent.is_alive:
        rig.end()


def test_states_of_a_running_task_go_to_the_market_too(
    rig: AgentRig, market: StubMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridle.worker.policy.handing_on.AFTER_S", 1.0)
    market.offer(lease(job(3 * STEPS)), job(3 * STEPS))
    rig.begin()
    assert market.wait(lambda: any(isinstance(each, Revealed) for each in market.reports))
    saved = [each for each in market.reports if isinstance(each, Saved)]
    assert saved
    assert len({each.checkpoint.sha256 for each in saved}) == len(saved)
    worked_s = [each.checkpoint.done_cpu_s for each in saved]
    assert all(later - earlier >= 1.0 for earlier, later in pairwise([0.0, *worked_s]))
    assert all(STATE.unpack(market.blobs[each.checkpoint.sha256]) for each in saved)
    rig.wait(lambda state: not state.tasks)
    rig.end()
    assert list((rig.home / "results").iterdir()) == []


def test_what_the_market_has_already_does_not_go_back_with_the_task(
    rig: AgentRig, market: StubMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridle.worker.policy.handing_on.AFTER_S", 0.5)
    monkeypatch.setattr("gridle.worker.policy.eviction.LONG_PAUSE_S", 0.2)
    monkeypatch.setattr("gridle.worker.agent.leaving._QUIET_PATIENCE_S", 0.2)
    long = job(10 * STEPS, interval_s=4.0)  # no other save comes before the pause
    market.offer(lease(long), long)
    rig.begin()
    assert market.wait(lambda: any(isinstance(each, Saved) for each in market.reports))
    rig.wait(lambda _: not list((rig.home / "results").glob("*")))
    assert rig.ask(PauseWork()) is None
    assert market.wait(lambda: isinstance(market.reports[-1], Returned))
    assert market.reports[-1] == Returned(lease_id(1))


def test_a_state_that_the_market_refuses_is_not_sent_again_at_once(
    rig: AgentRig, market: StubMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridle.worker.policy.handing_on.AFTER_S", 0.5)
    market.refuses_states = True
    market.offer(lease(job(3 * STEPS)), job(3 * STEPS))
    rig.begin()
    assert market.wait(lambda: any(isinstance(each, Revealed) for each in market.reports))
    saved = [each for each in market.reports if isinstance(each, Saved)]
    assert len({each.checkpoint.done_cpu_s for each in saved}) == len(saved)
    assert delivered(market) == result_of(3 * STEPS)


def test_after_a_state_that_failed_new_ones_go_to_the_market(
    rig: AgentRig, market: StubMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridle.worker.policy.handing_on.AFTER_S", 1.0)
    poison = b"not what this task saves"
    ref = CheckpointRef(market.store(poison), len(poison), 1200.0)
    long = job(3 * STEPS)
    market.offer(msgspec.structs.replace(lease(long), checkpoint=ref), long)
    rig.begin()
    assert market.wait(lambda: any(isinstance(each, Saved) for each in market.reports))
    assert market.wait(lambda: any(isinstance(each, Revealed) for each in market.reports))
    assert delivered(market) == result_of(3 * STEPS)


def test_where_files_have_one_name_only_a_state_is_copied(
    rig: AgentRig, market: StubMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("Operation not supported")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    monkeypatch.setattr("gridle.worker.policy.handing_on.AFTER_S", 1.0)
    market.offer(lease(job(3 * STEPS)), job(3 * STEPS))
    rig.begin()
    assert market.wait(lambda: any(isinstance(each, Saved) for each in market.reports))
    assert market.wait(lambda: any(isinstance(each, Revealed) for each in market.reports))
    assert delivered(market) == result_of(3 * STEPS)
