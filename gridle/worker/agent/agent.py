"""The agent: one thread takes events out of one queue, asks the policy, and acts."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.manifest import ContainerRuntime
from gridle.market.protocol.sentence import Sentence
from gridle.worker.agent.assembly import assemble
from gridle.worker.agent.commands import Commands
from gridle.worker.agent.events import (
    Asked,
    Event,
    FromSource,
    ReadingsChanged,
    RuntimesLookedAt,
    Stop,
)
from gridle.worker.agent.parts import Parts
from gridle.worker.agent.ports import OnState
from gridle.worker.agent.publisher import Publisher
from gridle.worker.agent.transfers import Transfers
from gridle.worker.agent.volume import MonthVolume
from gridle.worker.agent.wanting import Wanting
from gridle.worker.ipc.messages import Command, RuntimeView
from gridle.worker.policy.allowance import Allowance

_BUSY_PERIOD_S = 1.0
_IDLE_PERIOD_S = 10.0
_RETRY_S = 5.0
_LOOK_AGAIN_S = 60.0
_CLOSE_S = 3.0
_SAVE_S = 2.5


class Agent:
    """The worker's mind. `ask` and `stop` may be called from any thread."""

    def __init__(self, parts: Parts, on_state: OnState) -> None:
        self._parts = parts
        self._queue: SimpleQueue[Event] = SimpleQueue()
        made = assemble(parts, self._queue.put)
        self._roster, self._runner, self._states = made.roster, made.runner, made.states
        self._saving, self._reporter = made.saving, made.reporter
        self._economy, self._governor = made.economy, made.governor
        self._consents, self._tasks, self._market = made.consents, made.tasks, made.market
        self._volume = MonthVolume(parts.ledger)
        self._transfers = Transfers(parts.source, parts.task_network, self._roster)
        self._commands = Commands(self._governor, self._consents, self._tasks, self.stop)
        self._wanting = Wanting(made)
        self._publisher = Publisher(parts, made, on_state)
        self._runtimes: tuple[RuntimeView, ...] = ()
        self._looked_at = 0.0
        self._backlog: deque[Event] = deque()
        """Events that could not be written down; tried again, in order."""
        self._trouble: Sentence | None = None
        self._retry_at = self._measure_at = 0.0
        self._held: frozenset[LeaseId] | None = None
        self._ended = False
        self.ended_well = False
        """Whether the agent has come to its end as it was asked to."""
        self._thread = threading.Thread(target=self._run, name="agent")

    def start(self) -> None:
        """Clear what an earlier run left, publish the first state, and begin."""
        self._consents.mode = self._governor.limits.tasks.ask_first
        self._runner.sweep()
        self._roster.restore()
        self._saving.sweep()
        self._reporter.repeat_undelivered(self._parts.clock())
        self._follow(self._parts.clock())
        self._thread.start()

    def ask(self, command: Command, answer: Callable[[Sentence | None], None]) -> None:
        """Hand in a local client's command; `answer` comes from the agent's thread."""
        self._queue.put(Asked(command, answer))

    def stop(self) -> None:
        """Ask the agent to end."""
        self._queue.put(Stop())

    def join(self, timeout_s: float | None = None) -> None:
        """Wait for the agent's end."""
        self._thread.join(timeout_s)

    @property
    def is_alive(self) -> bool:
        """Whether the agent has begun and not ended."""
        return self._thread.is_alive()

    def begin_work(self) -> None:
        """Count as started, as by the owner's Start; only before `start`."""
        self._governor.begin()

    def _run(self) -> None:
        try:
            self._serve()
            self.ended_well = True
        finally:
            self._parts.source.close()
            self._parts.supply.close()
            self._save_states()
            self._states.close()
            self._runner.close(_CLOSE_S)
            self._parts.probes.close()
            self._parts.ledger.close()

    def _serve(self) -> None:
        parts = self._parts
        parts.probes.start(lambda: self._queue.put(ReadingsChanged()))
        parts.source.start(
            lambda event: self._queue.put(FromSource(event)), parts.ledger.settled_after
        )
        while not self._ended:
            try:
                event = self._queue.get(timeout=self._patience_s(parts.clock()))
            except Empty:
                event = None
            self._step(event, parts.clock())
            self._follow(parts.clock())
        self._volume.write()

    def _save_states(self) -> None:
        """Let running tasks save before they are stopped; what they saved before holds anyway."""
        with suppress(UnavailableError):
            self._saving.save_all(_SAVE_S)

    def _patience_s(self, now: float) -> float:
        """Return how long nothing can happen that no event would tell."""
        if any(task.holds_machine for task in self._roster):
            return _BUSY_PERIOD_S
        if self._backlog:
            return _RETRY_S
        times = [reason.until for reason in self._governor.allowance.reasons if reason.until]
        return max(0.0, min([_IDLE_PERIOD_S, *(until - now for until in times)]))

    def _step(self, event: Event | None, now: float) -> None:
        if isinstance(event, Stop):
            self._ended = True
        elif isinstance(event, Asked):
            self._commands.obey(event, now)
        elif event is not None:
            self._take(event, now)
        self._look_after(now)

    def _take(self, event: Event, now: float) -> None:
        """Handle an event; one that cannot be written down is kept, and those after it wait."""
        if self._backlog and isinstance(event, FromSource):
            self._backlog.append(event)
            return
        try:
            self._handle(event, now)
        except UnavailableError as error:
            self._trouble = error.sentence
            self._retry_at = now + _RETRY_S
            self._backlog.append(event)

    def _handle(self, event: Event, now: float) -> None:
        match event:
            case FromSource(said):
                self._market.handle(said, lambda: self._governor.allowance, now)
            case RuntimesLookedAt(views):
                self._runtimes = views
            case ReadingsChanged() | Asked() | Stop():
                pass  # readings are read after every event, the others were taken before
            case _:
                self._tasks.handle(event, now)

    def _look_after(self, now: float) -> None:
        """Do what has its own time: retries, the disk, usage, sandboxes that did not work."""
        if self._backlog and now >= self._retry_at:
            waiting, self._backlog = self._backlog, deque()
            self._trouble = None
            for event in waiting:
                self._take(event, now)
        if now >= self._measure_at:
            self._measure_at = now + _BUSY_PERIOD_S
            self._tasks.measure()
            self._economy.measure(self._roster, self._governor.readings, now)
        works = all(view.works for view in self._runtimes)
        if self._looked_at == 0.0 or (not works and now - self._looked_at > _LOOK_AGAIN_S):
            self._looked_at = now
            self._runner.look_at_runtimes()

    def _follow(self, now: float) -> None:
        """Make everything follow the policy; pausing tasks is the first thing done."""
        chain = self._market.view().chain
        self._economy.token_decimals = chain.token_decimals if chain else None
        try:
            self._governor.rest_if_finished(self._roster)
            jumped_s = self._governor.refresh(self._roster, self._volume.bytes, now)
            if jumped_s:
                self._move_times(jumped_s)
            allowance = self._governor.allowance
            idle_s = self._governor.readings.seconds_since_input
            self._tasks.steer(allowance, self._governor.memory_limit_bytes, idle_s, now)
            if self._governor.wish.finishing:
                self._tasks.return_unstarted(now)
            self._volume.count(self._transfers.transferred(), now, self._parts.zone())
        except UnavailableError as error:
            self._trouble = error.sentence
        self._tell_source(self._governor.allowance, now)
        self._publisher.publish(self._runtimes, self._trouble, now)

    def _move_times(self, jumped_s: float) -> None:
        """Somebody set the clock: whatever was due in a while is due in the same while."""
        self._retry_at += jumped_s
        self._measure_at += jumped_s
        self._looked_at += jumped_s
        self._economy.move_times(jumped_s)
        self._tasks.move_times(jumped_s)

    def _tell_source(self, allowance: Allowance, now: float) -> None:
        """Say how much work is wanted, what is held, and how fast it may come and go."""
        source = self._parts.source
        self._transfers.limit(allowance.download_bytes_s, allowance.upload_bytes_s)
        wanted = self._wanting.capacity(self._runtimes, now)
        if self._trouble is not None:
            wanted = replace(wanted, slots=0)
        source.want(wanted)
        held = frozenset(task.lease_id for task in self._roster)
        if held != self._held:
            self._held = held
            source.hold(held)
            self._parts.hold_images(
                frozenset(
                    task.manifest.runtime.image_sha256
                    for task in self._roster
                    if isinstance(task.manifest.runtime, ContainerRuntime)
                )
            )
