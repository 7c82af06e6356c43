"""A whole agent on fakes: only the machine, the market and the fence are played."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.sealing_identity import SealingIdentity
from gridle.market.protocol.sentence import Sentence
from gridle.worker.agent.agent import Agent
from gridle.worker.agent.parts import Parts
from gridle.worker.images.supply import ImageSupply
from gridle.worker.ipc.messages import Command, WorkerState
from gridle.worker.ledger.ledger import open_ledger
from gridle.worker.policy.limits import Budget, Limits
from gridle.worker.probes.machine.clock_watch import clock_reader
from gridle.worker.sources.pace import Paces
from tests.fakes.market_stub import StubMarket
from tests.fakes.probes import FakeProbes
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.source import FakeSource
from tests.rigs.simulated_machine import ZONE, SimulatedMachine
from tests.rigs.worker_jobs import PAYEE

LIMITS = Limits(
    while_away=Budget(cpu_percent=100, cores=2, memory_mib=4096),
    while_in_use=Budget(cpu_percent=50, cores=1, memory_mib=1024),
    idle_after_s=60,
)
DEADLINE_S = 20.0


class AgentRig:
    """An agent with its home; `begin` again on the same home is a restart."""

    def __init__(
        self,
        home: Path,
        market: StubMarket,
        machine: SimulatedMachine | None = None,
        sealing: SealingIdentity | None = None,
    ) -> None:
        self.home = home
        self.market = market
        self.machine = machine or SimulatedMachine(0)
        self.probes = FakeProbes(machine.readings) if machine else FakeProbes()
        self.sandbox = FakeSandbox()
        self.source = FakeSource(market, home / "blobs", sealing=sealing)
        self.saved: list[Limits] = []
        self.disk_is_full = False
        opened = open_ledger(home / "ledger.sqlite", time.time())
        self.ledger = opened.ledger
        self._changed = threading.Condition()
        self._state: WorkerState | None = None
        self.agent = Agent(
            Parts(
                home=home,
                ledger=opened.ledger,
                source=self.source,
                sandboxes={"wasm": self.sandbox, "container": self.sandbox},
                supply=ImageSupply(home / "images", Paces(), self.source.blob, allows_near=False),
                hold_images=lambda _: None,
                task_network=None,
                probes=self.probes,
                limits=machine.limits if machine else LIMITS,
                save_limits=self._save,
                node="ab" * 32,
                market_url="http://market",
                payout_address=PAYEE,
                cores=8 if machine else 2,
                memory_bytes=2**33,
                warnings=(opened.warning,) if opened.warning else (),
                clock=machine.clock if machine else time.time,
                clocks=machine.clocks if machine else clock_reader(),
                zone=lambda: ZONE if machine else UTC,
                new_salt=lambda: secrets.token_hex(32),
            ),
            self._take,
        )

    def begin(self, *, works: bool = True) -> AgentRig:
        """Start the agent, with Start pressed unless told otherwise."""
        if works:
            self.agent.begin_work()
        self.agent.start()
        return self

    @property
    def state(self) -> WorkerState:
        """The newest state."""
        assert self._state is not None
        return self._state

    def wait(self, condition: Callable[[WorkerState], bool]) -> WorkerState:
        """Wait until a state fits, and return it."""
        with self._changed:
            fits = self._changed.wait_for(
                lambda: self._state is not None and condition(self._state), DEADLINE_S
            )
            assert fits, self._state
            assert self._state is not None
            return self._state

    def ask(self, command: Command) -> Sentence | None:
        """Give a command and return its answer."""
        answers: list[Sentence | None] = []
        answered = threading.Event()

        def take(error: Sentence | None) -> None:
            answers.append(error)
            answered.set()

        self.agent.ask(command, take)
        assert answered.wait(DEADLINE_S)
        return answers[0]

    def end(self) -> None:
        """Stop the agent as SIGTERM would."""
        self.agent.stop()
        self.agent.join(DEADLINE_S)
        assert self.agent.ended_well

    def _take(self, state: WorkerState) -> None:
        with self._changed:
            self._state = state
            self._changed.notify_all()

    def _save(self, limits: Limits) -> None:
        if self.disk_is_full:
            raise UnavailableError("The disk is full.", "磁盘已满。")
        self.saved.append(limits)
