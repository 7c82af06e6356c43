"""Setting the clock and sleeping change nothing that was measured in real time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gridle.market.protocol.messages import Returned
from gridle.worker.ipc.messages import PauseWork, SetLimits, WorkerState, WorkerTaskState
from gridle.worker.policy.allowance import ReasonCode
from gridle.worker.policy.electricity import Electricity
from tests.fakes.market_stub import StubMarket
from tests.rigs.agent_rig import LIMITS, AgentRig
from tests.rigs.simulated_machine import SimulatedMachine
from tests.rigs.worker_jobs import lease, manifest

DAY_S = 86_400.0


@pytest.fixture
def market() -> StubMarket:
    return StubMarket()


@pytest.fixture
def rig(tmp_path: Path, market: StubMarket) -> Iterator[AgentRig]:
    machine = SimulatedMachine(0)
    machine.limits = LIMITS
    rig = AgentRig(tmp_path, market, machine).begin()
    job = manifest(("sleep",))
    market.offer(lease(job), job)
    rig.wait(lambda state: any(task.state is WorkerTaskState.RUNNING for task in state.tasks))
    yield rig
    rig.end()


def _look(rig: AgentRig) -> WorkerState:
    """Have the agent look at the machine as it is now; the second answer comes after that."""
    rig.probes.become(rig.machine.readings)
    rig.ask(SetLimits(rig.machine.limits))
    return rig.state


def _use(rig: AgentRig) -> None:
    rig.machine.readings = msgspec.structs.replace(rig.machine.readings, seconds_since_input=0.0)
    _look(rig)


@pytest.mark.parametrize("jump_s", [DAY_S, -DAY_S])
def test_setting_the_clock_gives_no_paused_task_back(
    rig: AgentRig, market: StubMarket, jump_s: float
) -> None:
    _use(rig)
    rig.wait(lambda state: [task.state for task in state.tasks] == [WorkerTaskState.PAUSED])
    rig.machine.jump(jump_s)
    _use(rig)
    assert [task.state for task in _look(rig).tasks] == [WorkerTaskState.PAUSED]
    rig.machine.wait(901.0)
    _use(rig)
    assert market.wait(lambda: any(isinstance(each, Returned) for each in market.reports))


@pytest.mark.parametrize("jump_s", [DAY_S, -DAY_S])
def test_a_pause_for_an_hour_lasts_an_hour_whatever_the_clock_says(
    rig: AgentRig, jump_s: float
) -> None:
    rig.ask(PauseWork(3600.0))
    rig.machine.jump(jump_s)
    assert _look(rig).reason.code is ReasonCode.PAUSED_BY_OWNER
    rig.machine.wait(3590.0)
    assert _look(rig).reason.code is ReasonCode.PAUSED_BY_OWNER
    rig.machine.wait(11.0)
    assert _look(rig).reason.code is not ReasonCode.PAUSED_BY_OWNER


def test_what_runs_goes_on_while_new_work_waits_for_cheap_hours(
    tmp_path: Path, market: StubMarket
) -> None:
    machine = SimulatedMachine(0)
    machine.limits = LIMITS
    rig = AgentRig(tmp_path, market, machine).begin()
    job = manifest(("sleep",))
    market.offer(lease(job), job)
    rig.wait(lambda state: [task.state for task in state.tasks] == [WorkerTaskState.RUNNING])
    patient = Electricity(
        tariff="shanghai-large-industry-two-part-10-kv",
        currency="CNY",
        wait_for_cheap_hours=True,
        may_lose=True,
    )
    machine.limits = msgspec.structs.replace(LIMITS, electricity=patient)
    for _ in range(24):
        machine.wait(3600.0)
        codes = {reason.code for reason in _look(rig).reasons}
        if ReasonCode.WAITING_FOR_CHEAP_HOURS in codes:
            break
    else:
        pytest.fail("there was no dear hour in a day")
    more = manifest(("sleep",), price_units=6)
    market.offer(lease(more, 2), more)
    _look(rig)
    # what runs goes on, and nothing new is begun though there is room
    assert [task.state for task in rig.state.tasks] == [WorkerTaskState.RUNNING]
    machine.limits = LIMITS
    _look(rig)
    rig.wait(lambda state: [task.state for task in state.tasks] == [WorkerTaskState.RUNNING] * 2)
    rig.end()


def test_a_machine_that_wakes_counts_as_used(rig: AgentRig) -> None:
    rig.machine.suspend(8 * 3600.0)
    assert _look(rig).reason.code is ReasonCode.IN_USE
    rig.machine.wait(61.0)
    assert _look(rig).allowed_cores > 0
