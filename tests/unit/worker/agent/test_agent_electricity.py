"""No task runs that leaves less than the owner wants, and each one's energy is written down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gridle.market.protocol.messages import Returned
from gridle.worker.ipc.messages import (
    Activity,
    SetLimits,
    WorkerState,
    WorkerTaskState,
)
from gridle.worker.policy.allowance import ReasonCode
from gridle.worker.policy.electricity import Electricity
from tests.fakes.market_stub import StubMarket
from tests.rigs.agent_rig import LIMITS, AgentRig
from tests.rigs.worker_jobs import lease, lease_id, manifest

# A task pays 5 units (5 µUSD) for a reference second: 18,000 µUSD an hour of one core; 8 W of a
# core at 2 USD a kWh cost 16,000, at 3 USD 24,000.
PAYS = Electricity(price_micros_per_kwh=2_000_000, core_power_mw=8000)
DEAR = Electricity(price_micros_per_kwh=3_000_000, core_power_mw=8000)


@pytest.fixture
def market() -> StubMarket:
    return StubMarket()


@pytest.fixture
def rig(tmp_path: Path, market: StubMarket) -> Iterator[AgentRig]:
    rig = AgentRig(tmp_path, market).begin()
    yield rig
    if rig.agent.is_alive:
        rig.end()


def _set(rig: AgentRig, electricity: Electricity) -> None:
    assert rig.ask(SetLimits(msgspec.structs.replace(LIMITS, electricity=electricity))) is None


def _is(state: WorkerState, wanted: WorkerTaskState) -> bool:
    return bool(state.tasks) and all(task.state is wanted for task in state.tasks)


def test_a_task_that_costs_more_than_it_pays_is_given_back(
    rig: AgentRig, market: StubMarket
) -> None:
    _set(rig, DEAR)
    rig.wait(lambda state: state.market.connected)
    job = manifest(("sleep",))
    market.offer(lease(job), job)
    assert market.wait(lambda: bool(market.reports))
    assert isinstance(market.reports[0], Returned)
    assert rig.ledger.tasks.state(lease_id(1)) is WorkerTaskState.RETURNED


def test_a_task_that_pays_runs_and_its_energy_is_in_the_ledger(
    rig: AgentRig, market: StubMarket
) -> None:
    _set(rig, PAYS)
    rig.wait(lambda state: state.market.connected)
    job = manifest(("echo", "hello"))
    market.offer(lease(job), job)
    assert market.wait(lambda: len(market.reports) == 2)
    rig.wait(lambda state: state.earnings.pending_units == 5)
    rig.end()
    opened = AgentRig(rig.home, market).ledger
    energy = opened.energy.of(lease_id(1))
    assert energy is not None
    assert energy.energy_mj > 0
    assert energy.pay_micros == 5
    assert energy.cost_micros > 0
    assert not energy.is_measured


def test_a_running_task_pauses_alone_when_electricity_gets_dearer(
    rig: AgentRig, market: StubMarket
) -> None:
    _set(rig, PAYS)
    rig.wait(lambda state: state.market.connected)
    poor, rich = manifest(("sleep",)), manifest(("sleep",), price_units=50)
    market.offer(lease(poor), poor)
    market.offer(lease(rich, 2), rich)
    rig.wait(lambda state: len(state.tasks) == 2 and _is(state, WorkerTaskState.RUNNING))
    _set(rig, DEAR)
    state = rig.wait(
        lambda state: (
            {task.price_units: task.state for task in state.tasks}
            == {5: WorkerTaskState.PAUSED, 50: WorkerTaskState.RUNNING}
        )
    )
    assert state.activity is Activity.WORKING
    _set(rig, PAYS)
    rig.wait(lambda state: len(state.tasks) == 2 and _is(state, WorkerTaskState.RUNNING))


def test_where_nothing_pays_now_the_owner_is_told_so(rig: AgentRig, market: StubMarket) -> None:
    _set(rig, PAYS)
    rig.wait(lambda state: state.market.connected)
    job = manifest(("sleep",))
    market.offer(lease(job), job)
    rig.wait(lambda state: _is(state, WorkerTaskState.RUNNING))
    _set(rig, DEAR)
    state = rig.wait(lambda state: _is(state, WorkerTaskState.PAUSED))
    assert (state.activity, state.reason.code) == (Activity.WAITING, ReasonCode.BELOW_FLOOR)
    assert state.reason.until is None  # the next price may be the higher one
    assert (state.price_micros_per_kwh, state.currency) == (3_000_000, "USD")


def test_an_owner_who_may_lose_works_at_any_price(rig: AgentRig, market: StubMarket) -> None:
    _set(rig, msgspec.structs.replace(DEAR, may_lose=True))
    rig.wait(lambda state: state.market.connected)
    job = manifest(("sleep",))
    market.offer(lease(job), job)
    rig.wait(lambda state: _is(state, WorkerTaskState.RUNNING))


def test_a_tariff_that_is_not_there_is_refused_and_the_old_limits_hold(rig: AgentRig) -> None:
    before = rig.state.limits
    wrong = msgspec.structs.replace(LIMITS, electricity=Electricity(tariff="no-such-place"))
    error = rig.ask(SetLimits(wrong))
    assert error is not None
    assert "no-such-place" in error.en
    assert rig.state.limits == before
    assert rig.saved == []
