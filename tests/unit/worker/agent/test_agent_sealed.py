"""Sealed tasks through the whole agent: opened for the task alone, sealed on their way out."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gridle.market.protocol.archive import unpack
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.manifest import CheckpointRule, InputFile, Manifest
from gridle.market.protocol.messages import Committed, Returned, Revealed
from gridle.market.protocol.sealed_stream import MARK
from gridle.market.protocol.sealing import JobKey, open_state, seal_input
from gridle.market.protocol.sealing_identity import SealingIdentity, wrap
from gridle.worker.doctor_traces import traces_finding
from gridle.worker.ipc.messages import WorkerState, WorkerTaskState
from tests.fakes.market_stub import StubMarket
from tests.rigs.agent_rig import AgentRig
from tests.rigs.worker_jobs import lease, lease_id, manifest

KEY = JobKey(bytes(range(32)))
SEALING = SealingIdentity(bytes([2]) * 32, Identity(bytes(32)))
SECRET = b"who is ill, and of what"


@pytest.fixture
def market() -> StubMarket:
    return StubMarket()


@pytest.fixture
def rig(tmp_path: Path, market: StubMarket) -> Iterator[AgentRig]:
    rig = AgentRig(tmp_path / "home", market, sealing=SEALING)
    yield rig
    if rig.agent.is_alive:
        rig.end()


def sealed_job(market: StubMarket, *tasks: tuple[str, ...]) -> Manifest:
    sealed = io.BytesIO()
    seal_input(io.BytesIO(SECRET), sealed, KEY.for_task(0), "data.txt")
    sha256 = market.store(sealed.getvalue())
    return msgspec.structs.replace(
        manifest(*tasks),
        data_class="sealed",
        result_key=KEY.result_key,
        inputs=(InputFile("data.txt", sha256, len(sealed.getvalue())),),
    )


def hand_keys(market: StubMarket, number: int, index: int = 0) -> None:
    keys = KEY.for_task(index)
    market.hand_keys(lease_id(number), wrap(keys, lease_id(number), SEALING.public.public_key))


def assert_nothing_is_left(home: Path) -> None:
    found = traces_finding(home)
    assert found.works, found.sentence
    for path in home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert SECRET not in content, path
            assert not content.startswith(MARK), path


def test_data_is_opened_for_the_task_and_its_result_for_the_requestor(
    rig: AgentRig, market: StubMarket
) -> None:
    job = sealed_job(market, ("copy",))
    rig.begin()
    market.offer(lease(job), job)
    hand_keys(market, 1)
    assert market.wait(lambda: len(market.reports) == 2)
    committed, revealed = market.reports
    assert isinstance(committed, Committed)
    assert isinstance(revealed, Revealed)
    sealed, opened = market.blobs[revealed.result_sha256], io.BytesIO()
    assert SECRET not in sealed
    KEY.open_result(io.BytesIO(sealed), opened, 0)
    assert unpack(opened.getvalue(), max_bytes=100, max_files=1) == {"copy.txt": SECRET}
    rig.wait(lambda state: state.earnings.pending_units == 5)
    rig.end()
    assert_nothing_is_left(rig.home)


def test_without_keys_a_task_is_given_back_and_no_fence_blamed(
    rig: AgentRig, market: StubMarket
) -> None:
    job, other = sealed_job(market, ("copy",)), manifest(("echo", "hello"))
    rig.begin()
    market.offer(lease(job), job)
    assert market.wait(lambda: Returned(lease_id(1)) in market.reports)
    rig.wait(lambda state: any("no keys" in str(each).lower() for each in state.warnings))
    market.offer(lease(other, 2), other)
    assert market.wait(lambda: any(isinstance(each, Revealed) for each in market.reports))
    rig.end()
    assert_nothing_is_left(rig.home)


def runs(state: WorkerState) -> bool:
    return any(task.state is WorkerTaskState.RUNNING for task in state.tasks)


def test_a_restart_asks_for_the_keys_again_and_goes_on_from_a_sealed_state(
    rig: AgentRig, market: StubMarket
) -> None:
    job = msgspec.structs.replace(
        sealed_job(market, ("simulate", "2000000")),
        checkpoint=CheckpointRule(format_version=1, interval_s=1.0, grace_s=5.0),
    )
    rig.begin()
    market.offer(lease(job), job)
    hand_keys(market, 1)
    rig.wait(runs)
    rig.end()
    (state,) = (rig.home / "checkpoints").iterdir()
    sealed, opened = state.read_bytes(), io.BytesIO()
    assert hashlib.sha256(sealed).hexdigest()
    open_state(io.BytesIO(sealed), opened, KEY.for_task(0), 1)
    assert opened.getvalue().startswith(b"sim 1")
    again = AgentRig(rig.home, market, sealing=SEALING).begin()
    again.wait(runs)
    placed = rig.home / "tasks" / lease_id(1) / "checkpoint" / "state"
    assert placed.read_bytes().startswith(b"sim 1")
    again.end()
