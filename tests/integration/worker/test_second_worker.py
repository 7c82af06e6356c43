"""A job that saves: paused, evicted, gone on with on a second worker; the same bytes come out."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from gridle.market.protocol.identity import Identity
from gridle.market.protocol.sentence import Sentence
from gridle.market.protocol.states import TaskState
from gridle.worker.agent.agent import Agent
from gridle.worker.agent.parts import Parts
from gridle.worker.images.supply import ImageSupply
from gridle.worker.ipc.messages import WorkerState, WorkerTaskState
from gridle.worker.ledger.ledger import open_ledger
from gridle.worker.local_zone import LocalZone
from gridle.worker.policy.limits import Budget, Limits
from gridle.worker.probes.machine.clock_watch import clock_reader
from gridle.worker.sandbox.build import build_sandboxes
from gridle.worker.sandbox.engine_search import find_engine
from gridle.worker.sources.market import MarketSource
from tests.fakes.probes import AWAY, FakeProbes
from tests.rigs.chaos_market import ChaosMarket
from tests.rigs.market_process import MarketRig, new_key, payout_of, start_chain

pytestmark = pytest.mark.timeout(300)  # a busy machine has little left for tasks

READING = msgspec.structs.replace(AWAY, seconds_since_input=20.0)
"""In use, and quiet enough for a save."""
LIMITS = Limits(
    while_away=Budget(cpu_percent=100, cores=1, memory_mib=512),
    while_in_use=Budget(cpu_percent=50, cores=1, memory_mib=512),
    idle_after_s=60,
)
DEADLINE_S = 120.0
STEPS = 12_000


class Worker:
    """A real agent with real sandboxes at a real market; only the machine's owner is played."""

    def __init__(self, home: Path, url: str, number: int) -> None:
        identity = Identity(new_key(number))
        self.probes = FakeProbes()
        self.state: WorkerState | None = None
        home.mkdir()
        self.source = source = MarketSource(url, identity, payout_of(number), home / "blobs")
        sandboxes = build_sandboxes(home, f"second-{secrets.token_hex(4)}")
        self.agent = Agent(
            Parts(
                home=home,
                ledger=open_ledger(home / "ledger.sqlite", time.time()).ledger,
                source=source,
                sandboxes={sandbox.kind: sandbox for sandbox in sandboxes},
                supply=ImageSupply(home / "images", source.paces, source.blob, allows_near=True),
                hold_images=lambda _: None,
                task_network=None,
                probes=self.probes,
                limits=LIMITS,
                save_limits=lambda _: None,
                node=identity.public_key,
                market_url=url,
                payout_address=payout_of(number),
                cores=1,
                memory_bytes=2**33,
                warnings=(),
                clock=time.time,
                clocks=clock_reader(),
                zone=LocalZone(),
                new_salt=lambda: secrets.token_hex(32),
            ),
            self._take,
        )
        self.agent.begin_work()
        self.agent.start()

    def wait(self, condition: Callable[[WorkerState], bool]) -> None:
        wait_for(lambda: self.state is not None and condition(self.state), lambda: self.state)

    def end(self) -> None:
        self.agent.stop()
        self.agent.join(30)
        assert self.agent.ended_well

    def _take(self, state: WorkerState) -> None:
        self.state = state


def wait_for(condition: Callable[[], bool], tell: Callable[[], object]) -> None:
    give_up_at = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < give_up_at, tell()
        time.sleep(0.05)


def is_under_way(state: WorkerState) -> bool:
    return any(
        task.state is WorkerTaskState.RUNNING and (task.progress or 0) > 0.05
        for task in state.tasks
    )


@pytest.fixture
def market_rig(tmp_path: Path) -> Iterator[MarketRig]:
    rig = MarketRig(tmp_path, start_chain(tmp_path / "chain"), ("--lease-s", "4"))
    yield rig
    rig.market.end()
    rig.chain.end()


@pytest.mark.parametrize("kind", ["wasm", pytest.param("container", marks=pytest.mark.engine)])
def test_the_second_worker_goes_on_where_the_first_was_stopped(
    kind: str, market_rig: MarketRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find_engine() if kind == "container" else None
    if isinstance(found, Sentence):
        pytest.skip(found.en)
    market = ChaosMarket(market_rig, found, STEPS, tmp_path, tasks_each=1, with_wasm=kind == "wasm")
    first = Worker(tmp_path / "first", market_rig.url, 11)
    first.wait(is_under_way)
    monkeypatch.setattr("gridle.worker.policy.eviction.LONG_PAUSE_S", 0.5)
    first.probes.become(READING)
    first.wait(lambda state: not state.tasks)
    wait_for(lambda: market.tasks()[0].state is TaskState.QUEUED, market.tasks)
    assert market.tasks()[0].saved_cpu_s is not None
    first.end()
    second = Worker(tmp_path / "second", market_rig.url, 12)
    wait_for(lambda: market.counts().get(TaskState.AWARDED, 0) == 1, market.counts)
    second.wait(lambda state: not state.tasks)
    second.end()
    market.close()
    assert market.wrong == []  # each result is held against an undisturbed run
    assert market.accepted_from_states() == 1


def test_the_second_worker_goes_on_from_what_a_lost_machine_had_handed_on(
    market_rig: MarketRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridle.worker.policy.handing_on.AFTER_S", 1.0)
    market = ChaosMarket(market_rig, None, STEPS, tmp_path, tasks_each=1)
    first = Worker(tmp_path / "first", market_rig.url, 11)
    wait_for(lambda: market.tasks()[0].saved_cpu_s is not None, market.tasks)
    first.source.close()  # the machine is never heard of again
    second = Worker(tmp_path / "second", market_rig.url, 12)
    wait_for(lambda: market.counts().get(TaskState.AWARDED, 0) == 1, market.counts)
    first.end()
    second.end()
    market.close()
    assert market.wrong == []
    assert market.accepted_from_states() == 1
