"""Work that was saved is never done twice: through evictions, pauses, restarts and other nodes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gridle.market.protocol.archive import unpack
from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.manifest import CheckpointRule, Manifest
from gridle.market.protocol.messages import CheckpointRef, Returned, Revealed
from gridle.worker.ipc.messages import PauseWork, SetLimits, StartWork, WorkerState, WorkerTaskState
from gridle.worker.policy.limits import Limits
from gridle.worker.sandbox import explanations
from tests.fakes.market_stub import StubMarket
from tests.fakes.probes import AWAY
from tests.fakes.sandbox import STATE
from tests.rigs.agent_rig import LIMITS, AgentRig
from tests.rigs.worker_jobs import lease, lease_id, manifest

STEPS = 400
HALF_READ = msgspec.structs.replace(AWAY, seconds_since_input=20.0)
"""In use, and quiet enough for a save."""
TYPING = msgspec.structs.replace(AWAY, seconds_since_input=0.0)


def job(steps: int = STEPS, interval_s: float = 1.0) -> Manifest:
    rule = CheckpointRule(format_version=1, interval_s=interval_s, grace_s=5.0, max_bytes=4096)
    return msgspec.structs.replace(manifest(("simulate", str(steps))), checkpoint=rule)


def result_of(steps: int) -> bytes:
    digest = 1
    for _ in range(steps):
        digest = digest * 6364136223846793005 % 2**64 + 1
    return f"{digest:x}\n".encode()


@pytest.fixture
def market() -> StubMarket:
    return StubMarket()


@pytest.fixture
def rig(tmp_path: Path, market: StubMarket) -> Iterator[AgentRig]:
    rig = AgentRig(tmp_path, market)
    yield rig
    if rig.agent.is_alive:
        rig.end()


def is_in(state: WorkerState, wanted: WorkerTaskState) -> bool:
    return bool(state.tasks) and all(each.state is wanted for each in state.tasks)


def runs(state: WorkerState) -> bool:
    return any(task.state is WorkerTaskState.RUNNING for task in state.tasks)


def is_well_under_way(state: WorkerState) -> bool:
    return runs(state) and any((task.progress or 0) > 0.3 for task in state.tasks)


def with_memory(mib: int) -> Limits:
    budget = msgspec.structs.replace(LIMITS.while_away, memory_mib=mib)
    return msgspec.structs.replace(LIMITS, while_away=budget)


def states(rig: AgentRig) -> list[Path]:
    return sorted((rig.home / "checkpoints").glob("*.state"))


def step_of(state: Path) -> int:
    step: int = STATE.unpack(state.read_bytes())[1]
    return step


def delivered(market: StubMarket) -> bytes:
    (revealed,) = [each for each in market.reports if isinstance(each, Revealed)]
    files = unpack(market.blobs[revealed.result_sha256], max_bytes=1000, max_files=3)
    return files["result.txt"]


def saved_while_it_runs(rig: AgentRig, market: StubMarket) -> int:
    """Start the job and wait for its first save; return the step that was saved."""
    market.offer(lease(job(3 * STEPS)), job(3 * STEPS))
    rig.begin()
    rig.wait(lambda _: bool(states(rig)))
    return step_of(states(rig)[-1])


def test_a_task_saves_after_every_interval_of_work(rig: AgentRig, market: StubMarket) -> None:
    assert 150 < saved_while_it_runs(rig, market) < 800
    assert market.wait(lambda: any(isinstance(each, Revealed) for each in market.reports))
    assert delivered(market) == result_of(3 * STEPS)
    rig.end()
    assert states(rig) == []


def test_memory_that_is_needed_is_given_back_and_the_work_goes_on_later(
    rig: AgentRig, market: StubMarket
) -> None:
    market.offer(lease(job()), job())
    rig.begin()
    rig.wait(is_well_under_way)
    assert rig.ask(SetLimits(with_memory(64))) is None
    rig.wait(lambda state: is_in(state, WorkerTaskState.READY))
    assert len(states(rig)) == 1
    step = step_of(states(rig)[0])
    assert rig.ask(SetLimits(with_memory(1024))) is None
    assert market.wait(lambda: any(isinstance(each, Revealed) for each in market.reports))
    assert delivered(market) == result_of(STEPS)
    assert step > 0
    assert len(rig.sandbox.specs) == 2


def test_after_a_long_pause_it_saves_in_a_quiet_moment_and_goes_back_with_it(
    rig: AgentRig, market: StubMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridle.worker.policy.eviction.LONG_PAUSE_S", 0.3)
    market.offer(lease(job(interval_s=3600.0)), job(interval_s=3600.0))
    rig.begin()
    rig.wait(runs)
    rig.probes.become(HALF_READ)
    assert market.wait(lambda: bool(market.reports))
    (returned,) = market.reports
    assert isinstance(returned, Returned)
    assert returned.checkpoint is not None
    assert returned.checkpoint.size_bytes == STATE.size
    rig.wait(lambda state: not state.tasks)
    rig.end()
    assert states(rig) == []


def test_while_the_owner_types_nothing_runs_not_even_a_save(
    rig: AgentRig, market: StubMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridle.worker.policy.eviction.LONG_PAUSE_S", 0.3)
    monkeypatch.setattr("gridle.worker.agent.leaving._QUIET_PATIENCE_S", 0.5)
    rare = job(interval_s=3600.0)
    market.offer(lease(rare), rare)
    rig.begin()
    rig.wait(runs)
    rig.probes.become(TYPING)
    rig.wait(lambda state: is_in(state, WorkerTaskState.PAUSED))
    assert rig.sandbox.used_percent() == 0
    assert market.wait(lambda: bool(market.reports))
    assert market.reports == [Returned(lease_id(1))]


def test_the_owners_pause_gives_back_what_was_saved_before(
    rig: AgentRig, market: StubMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved_while_it_runs(rig, market)
    monkeypatch.setattr("gridle.worker.policy.eviction.LONG_PAUSE_S", 0.2)
    monkeypatch.setattr("gridle.worker.agent.leaving._QUIET_PATIENCE_S", 0.2)
    assert rig.ask(PauseWork()) is None
    assert market.wait(lambda: bool(market.reports))
    (returned,) = market.reports
    assert isinstance(returned, Returned)
    assert returned.checkpoint is not None
    assert returned.checkpoint.done_cpu_s > 0.9


def test_a_worker_that_ends_lets_its_tasks_save_and_its_next_run_goes_on(
    rig: AgentRig, market: StubMarket
) -> None:
    rare = job(interval_s=3600.0)
    market.offer(lease(rare), rare)
    rig.begin()
    rig.wait(is_well_under_way)
    rig.end()
    assert len(states(rig)) == 1
    step = step_of(states(rig)[0])
    assert step > 0
    again = AgentRig(rig.home, market).begin()
    assert market.wait(lambda: any(isinstance(each, Revealed) for each in market.reports))
    assert delivered(market) == result_of(STEPS)
    assert again.ask(StartWork()) is None
    again.end()


def test_a_state_that_the_disk_cannot_hold_is_said(
    rig: AgentRig, market: StubMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = UnavailableError("The disk is full.", "磁盘已满。")

    def fail(*_: object) -> None:
        raise full

    monkeypatch.setattr("gridle.worker.sandbox.checkpoint_store.take_state", fail)
    market.offer(lease(job(3 * STEPS)), job(3 * STEPS))
    rig.begin()
    rig.wait(lambda state: full.sentence in state.warnings)
    assert market.wait(lambda: any(isinstance(each, Revealed) for each in market.reports))
    assert delivered(market) == result_of(3 * STEPS)


def test_a_damaged_state_is_set_aside_and_the_task_begins_anew(
    rig: AgentRig, market: StubMarket
) -> None:
    rare = job(interval_s=3600.0)
    market.offer(lease(rare), rare)
    rig.begin()
    rig.wait(is_well_under_way)
    rig.end()
    states(rig)[0].write_bytes(b"tampered with")
    again = AgentRig(rig.home, market).begin()
    again.wait(lambda state: explanations.CHECKPOINT_DAMAGED in state.warnings)
    assert market.wait(lambda: any(isinstance(each, Revealed) for each in market.reports))
    assert delivered(market) == result_of(STEPS)
    again.end()


def test_a_lease_with_a_state_goes_on_from_it(rig: AgentRig, market: StubMarket) -> None:
    state = STATE.pack(b"sim 1", STEPS - 3, 77, 0.0)
    ref = CheckpointRef(hashlib.sha256(state).hexdigest(), len(state), 12.0)
    assert market.store(state) == ref.sha256
    market.offer(msgspec.structs.replace(lease(job()), checkpoint=ref), job())
    rig.begin()
    assert market.wait(lambda: any(isinstance(each, Revealed) for each in market.reports))
    digest = 77
    for _ in range(3):
        digest = digest * 6364136223846793005 % 2**64 + 1
    assert delivered(market) == f"{digest:x}\n".encode()


def test_a_state_that_a_task_fails_of_is_left_alone(rig: AgentRig, market: StubMarket) -> None:
    poison = b"not what this task saves"
    ref = CheckpointRef(market.store(poison), len(poison), 12.0)
    market.offer(msgspec.structs.replace(lease(job(40)), checkpoint=ref), job(40))
    rig.begin()
    assert market.wait(lambda: any(isinstance(each, Revealed) for each in market.reports))
    assert delivered(market) == result_of(40)
    assert len(rig.sandbox.specs) == 2


def test_a_state_that_is_no_longer_there_only_costs_its_work(
    rig: AgentRig, market: StubMarket
) -> None:
    ref = CheckpointRef("0" * 64, 2048, 12.0)
    market.offer(msgspec.structs.replace(lease(job(40)), checkpoint=ref), job(40))
    rig.begin()
    assert market.wait(lambda: any(isinstance(each, Revealed) for each in market.reports))
    assert delivered(market) == result_of(40)
