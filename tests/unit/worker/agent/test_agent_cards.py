"""Graphics cards: handed to tasks that name them, and free again the moment work pauses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gridle.market.protocol.manifest import CheckpointRule, ContainerRuntime, Manifest
from gridle.market.protocol.messages import Returned, Revealed
from gridle.worker.ipc.messages import SetLimits, WorkerState, WorkerTaskState
from gridle.worker.policy.readings import Gpu
from gridle.worker.policy.task_rules import TaskRules
from tests.fakes.market_stub import StubMarket
from tests.fakes.probes import AWAY
from tests.rigs.agent_rig import LIMITS, AgentRig
from tests.rigs.worker_jobs import lease, lease_id, manifest

CARD = Gpu(0, "Card", 8 * 2**30, 0, 0, uuid="GPU-1")
WITH_CARD = msgspec.structs.replace(AWAY, gpus=(CARD,))
IN_USE = msgspec.structs.replace(WITH_CARD, seconds_since_input=0.0)


def job(*task: str, saves: bool = True) -> Manifest:
    made = manifest(task)
    rule = CheckpointRule(format_version=1, max_bytes=4096) if saves else None
    return msgspec.structs.replace(
        made,
        runtime=ContainerRuntime("a" * 64, ("/run",), "b" * 64),
        resources=msgspec.structs.replace(made.resources, gpus=1),
        checkpoint=rule,
    )


@pytest.fixture
def market() -> StubMarket:
    return StubMarket()


@pytest.fixture
def rig(tmp_path: Path, market: StubMarket) -> Iterator[AgentRig]:
    rig = AgentRig(tmp_path, market)
    rig.probes.become(WITH_CARD)
    rig.begin()
    budget = msgspec.structs.replace(LIMITS.while_away, gpu_percent=80)
    rules = TaskRules(ask_first="never")
    allowed = msgspec.structs.replace(LIMITS, while_away=budget, tasks=rules)
    assert rig.ask(SetLimits(allowed)) is None
    yield rig
    if rig.agent.is_alive:
        rig.end()


def runs(state: WorkerState) -> bool:
    return any(task.state is WorkerTaskState.RUNNING for task in state.tasks)


def waits(state: WorkerState) -> bool:
    return any(task.state is WorkerTaskState.READY for task in state.tasks)


def test_a_task_gets_a_card_that_is_allowed(rig: AgentRig, market: StubMarket) -> None:
    market.offer(lease(job("echo", "x")), job("echo", "x"))
    assert market.wait(lambda: any(isinstance(each, Revealed) for each in market.reports))
    assert [spec.gpus for spec in rig.sandbox.specs] == [("GPU-1",)]


def test_two_tasks_do_not_share_a_card(rig: AgentRig, market: StubMarket) -> None:
    for number in (1, 2):
        market.offer(lease(job("simulate", "99999"), number), job("simulate", "99999"))
    state = rig.wait(lambda state: runs(state) and waits(state))
    assert len(state.tasks) == 2
    assert len(rig.sandbox.specs) == 1


def test_a_pause_frees_the_card_and_the_work_goes_on_later(
    rig: AgentRig, market: StubMarket
) -> None:
    market.offer(lease(job("simulate", "99999")), job("simulate", "99999"))
    rig.wait(runs)
    rig.probes.become(IN_USE)
    rig.wait(waits)
    rig.probes.become(WITH_CARD)
    rig.wait(runs)
    assert [spec.gpus for spec in rig.sandbox.specs] == [("GPU-1",), ("GPU-1",)]


def test_a_task_that_saves_nothing_goes_back_when_its_card_is_wanted(
    rig: AgentRig, market: StubMarket
) -> None:
    market.offer(lease(job("count", saves=False)), job("count", saves=False))
    rig.wait(runs)
    used = msgspec.structs.replace(CARD, foreign_programs=("game",), foreign_utilisation_percent=50)
    rig.probes.become(msgspec.structs.replace(WITH_CARD, gpus=(used,)))
    assert market.wait(lambda: market.reports == [Returned(lease_id(1))])
