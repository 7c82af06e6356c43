"""Finish, then stop: what runs is done and delivered, nothing new is taken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.market.protocol.messages import Returned, Revealed
from gridle.worker.ipc.messages import Activity, FinishWork, StartWork, WorkerState, WorkerTaskState
from gridle.worker.policy.allowance import ReasonCode
from tests.fakes.market_stub import StubMarket
from tests.rigs.agent_rig import AgentRig
from tests.rigs.worker_jobs import lease, manifest


def _finishes(state: WorkerState) -> bool:
    return ReasonCode.FINISHING in {reason.code for reason in state.reasons}


@pytest.fixture
def market() -> StubMarket:
    return StubMarket()


@pytest.fixture
def rig(tmp_path: Path, market: StubMarket) -> Iterator[AgentRig]:
    rig = AgentRig(tmp_path, market).begin()
    yield rig
    rig.end()


def test_what_waits_is_given_back_and_start_takes_it_all_back(
    rig: AgentRig, market: StubMarket
) -> None:
    rig.wait(lambda state: state.market.connected)
    job = manifest(("sleep",), ("sleep",), ("sleep",))
    for index in range(2):
        market.offer(lease(job, 1 + index, index), job)
    rig.wait(lambda state: [task.state for task in state.tasks] == [WorkerTaskState.RUNNING] * 2)
    assert rig.ask(FinishWork()) is None
    state = rig.wait(_finishes)
    assert (state.activity, len(state.tasks)) == (Activity.WORKING, 2)
    assert rig.ask(StartWork()) is None
    rig.wait(lambda state: not _finishes(state))


def test_with_its_last_task_done_it_is_stopped(rig: AgentRig, market: StubMarket) -> None:
    rig.wait(lambda state: state.market.connected)
    job = manifest(("echo", "hello"))
    market.offer(lease(job), job)
    assert market.wait(lambda: any(isinstance(each, Revealed) for each in market.reports))
    assert rig.ask(FinishWork()) is None
    state = rig.wait(lambda state: state.activity is Activity.STOPPED)
    assert state.reason.code is ReasonCode.STOPPED_BY_OWNER
    assert not any(isinstance(each, Returned) for each in market.reports)


def test_with_nothing_to_do_it_stops_at_once(rig: AgentRig) -> None:
    rig.wait(lambda state: state.market.connected)
    rig.ask(FinishWork())
    rig.wait(lambda state: state.activity is Activity.STOPPED)
