"""Steers tasks through their lives, from an offer to a result, under the allowance."""

from __future__ import annotations

from collections.abc import Callable

from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.messages import CheckpointRef
from gridle.market.protocol.sentence import Sentence
from gridle.worker.agent import sentences
from gridle.worker.agent.economy import Economy
from gridle.worker.agent.events import (
    Adjusted,
    Collected,
    Ended,
    Fetched,
    Fetching,
    Saved,
    Started,
    StateCopied,
    StatePacked,
    TaskEvent,
)
from gridle.worker.agent.lifecycle import Happening
from gridle.worker.agent.parting import Parting
from gridle.worker.agent.reporter import Reporter
from gridle.worker.agent.roster import LiveTask, Roster, let_loose, together
from gridle.worker.agent.runner import Runner
from gridle.worker.agent.saving import Saving, is_trusted
from gridle.worker.agent.steering import Steering
from gridle.worker.ipc.messages import WorkerTaskState
from gridle.worker.policy.allowance import Allowance
from gridle.worker.sandbox import explanations
from gridle.worker.sandbox.port import Ending, Outcome
from gridle.worker.sources.port import Offered


class TaskFlow:
    """Handles every event of a task. Only the agent's thread calls it."""

    def __init__(
        self,
        roster: Roster,
        runner: Runner,
        reporter: Reporter,
        economy: Economy,
        saving: Saving,
        parting: Parting,
    ) -> None:
        self._saving = saving
        self._steering = Steering(roster, runner, economy, saving)
        self._economy = economy
        self._roster = roster
        self._runner = runner
        self._reporter = reporter
        self._parting = parting

    def handle(self, event: TaskEvent, now: float) -> None:
        """Take one event of a task.

        Raises:
            UnavailableError: the ledger cannot be written; the same event can be handed in again.
        """
        match event:
            case Fetching():
                self._fetching(event)
            case Fetched():
                self._fetched(event, now)
            case Started():
                self._started(event, now)
            case Saved():
                self._saved(event)
            case StatePacked():
                self._parting.packed(event, now)
            case StateCopied():
                self._copied(event)
            case Adjusted():
                self._adjusted(event, now)
            case Ended():
                self._ended(event, now)
            case Collected():
                self._collected(event, now)

    def offered(
        self, offer: Offered, allowance: Allowance, now: float, *, consented: bool = True
    ) -> None:
        """Take on a task, or give it back at once: no consent yet, or no machine any more."""
        task = self._roster.add(offer.lease, offer.manifest, now)
        if task is None:
            return
        pays = self._economy.pays(task, now)
        if consented and allowance.may_run and allowance.takes_work and pays:
            self.fetch(task, now)
            return
        if not pays:
            self._economy.refused(now)
        self._reporter.give_back(task, now)

    def fetch(self, task: LiveTask, now: float) -> None:
        """Begin (or begin again) with a task."""
        if self._roster.move(task, Happening.FETCH, now):
            self._runner.fetch(task)

    def _fetching(self, event: Fetching) -> None:
        """Some more of it is here."""
        task = self._roster.get(event.lease_id)
        if task is not None:
            task.fetched_percent = event.percent

    def _fetched(self, event: Fetched, now: float) -> None:
        """Its inputs and runtime are here, or not."""
        task = self._roster.get(event.lease_id)
        if task is None:
            self._runner.wipe(event.lease_id)
        elif task.state is WorkerTaskState.FETCHING and event.lacks_keys:
            self._parting.warnings.append(
                sentences.task_fault(task.manifest.title, event.error or sentences.ENDING)
            )
            self._parting.give_back(task, now)
        elif task.state is WorkerTaskState.FETCHING and event.error is not None:
            self._broke(task, event.error, now)
        elif task.state is WorkerTaskState.FETCHING:
            self._saving.fetched(task, event)
            self._roster.move(task, Happening.FETCHED, now)

    def _started(self, event: Started, now: float) -> None:
        """It runs, or its sandbox could not start it."""
        task = self._roster.get(event.lease_id)
        if task is None:
            return
        task.starting = False
        if self._saving.started(task, event):
            self._parting.warnings.append(explanations.CHECKPOINT_DAMAGED)
        if event.running is None:
            self._broke(task, event.error or sentences.ENDING, now)
            return
        task.running = event.running
        task.started_at = now
        self._roster.move(task, Happening.STARTED, now)
        if task.stopping is not None:
            self._runner.stop(task)

    def _adjusted(self, event: Adjusted, now: float) -> None:
        """A setting holds. A task that cannot be held to it is not left running."""
        task = self._roster.get(event.lease_id)
        if task is None:
            return
        task.adjusting = False
        if event.error is not None:
            if task.running is not None and task.stopping is None:
                task.stopping = Happening.BROKE
                self._runner.stop(task)
            return
        task.applied = event.setting
        happening = Happening.PAUSED if event.setting.paused else Happening.RESUMED
        self._roster.move(task, happening, now)

    def _ended(self, event: Ended, now: float) -> None:
        """Its sandbox has ended it."""
        task = self._roster.get(event.lease_id)
        if task is None:
            self._runner.wipe(event.lease_id)
            return
        _measure(task)
        why = event.outcome.explanation or sentences.ENDING
        match event.outcome.ending:
            case Ending.FINISHED:
                if self._roster.move(task, Happening.FINISHED, now):
                    task.running = None
                    self._runner.collect(task)
            case Ending.FAILED if task.began_cpu_s > 0:
                self._saving.distrust(task)  # the state may be what it failed of
                self._broke(task, why, now)
            case Ending.FAILED:
                self._parting.failed(task, why, _reason_text(event.outcome), now)
            case Ending.STOPPED if task.stopping is Happening.RETURNED:
                self._parting.give_back(task, now)
            case Ending.STOPPED if task.stopping is Happening.EVICTED:
                self._roster.move(task, Happening.EVICTED, now)
                let_loose(task)
            case Ending.STOPPED | Ending.BROKEN:
                self._broke(task, why, now)

    def _collected(self, event: Collected, now: float) -> None:
        """Its output is one archive, or cannot be used."""
        task = self._roster.get(event.lease_id)
        if task is not None:
            if event.output is not None:
                self._reporter.finished(task, event.output, now)
                self._saving.forget(task)
                self._parting.leave(task)
                return
            if event.can_retry:
                self._broke(task, event.error or sentences.ENDING, now)
                return
            why = event.error or sentences.ENDING
            self._parting.failed(task, why, why.en, now)
            return
        self._runner.wipe(event.lease_id)

    def lost(self, task: LiveTask, now: float) -> None:
        """The market took a lease away: stop, and report nothing.

        A finished result is delivered all the same; its answer decides.
        """
        task.lost = True
        if task.state is not WorkerTaskState.FINISHING:
            self._parting.let_go(task, now)

    def handed_on(self, lease_id: LeaseId, ref: CheckpointRef | None) -> None:
        """The market has a state of a running task, or does not (None)."""
        self._saving.handed_on(lease_id, ref)

    def _broke(self, task: LiveTask, why: Sentence, now: float) -> None:
        if self._parting.broke(task, why, now):
            self.fetch(task, now)

    def _saved(self, event: Saved) -> None:
        """It saved, or could not."""
        self._saving.saved(event)
        if event.error is not None and event.error not in self._parting.warnings:
            self._parting.warnings.append(event.error)

    def _copied(self, event: StateCopied) -> None:
        """A copy of its state lies ready for the market, and goes if it is still of use."""
        task = self._roster.get(event.lease_id)
        ref, archive = event.ref, event.archive
        wanted = task is not None and task.running is not None and not (task.lost or task.stopping)
        if task is None or ref is None or archive is None or not (wanted and is_trusted(task, ref)):
            self._saving.handed_on(event.lease_id, None)
        else:
            self._reporter.saved(task, ref, archive)

    def steer(
        self, allowance: Allowance, memory_limit_bytes: int, idle_s: float | None, now: float
    ) -> None:
        """Make every task follow the allowance; pausing comes first and waits for nothing."""
        for task in self._steering.steer(allowance, memory_limit_bytes, idle_s, now):
            self._parting.let_go(task, now)

    def move_times(self, jumped_s: float) -> None:
        """Take in that the clock was set by so much: no pause has lasted longer for that."""
        self._parting.move_times(jumped_s)
        for task in self._roster:
            task.leaving_since += jumped_s
            if task.paused_since is not None:
                task.paused_since += jumped_s

    def let_go(self, unwanted: Callable[[LiveTask], bool], now: float) -> None:
        """Give back the tasks that are not wanted here any more."""
        for task in self._roster:
            if task.takes_room and unwanted(task):
                self._parting.let_go(task, now)

    def return_unstarted(self, now: float) -> None:
        """Give back what has not begun to run: only what runs is to be finished."""
        for task in self._roster:
            if task.takes_room and not task.holds_machine:
                self._parting.let_go(task, now)

    def measure(self) -> None:
        """Ask the sandboxes what running tasks have used."""
        for task in self._roster:
            _measure(task)

    def waits_for_price(self, now: float) -> bool:
        """Say whether some task is here, and each waits for electricity to cost less."""
        waiting = [task for task in self._roster if task.takes_room]
        return bool(waiting) and not any(self._economy.pays(task, now) for task in waiting)


def _measure(task: LiveTask) -> None:
    if task.running is not None:
        task.usage = together(task.carried, task.running.usage())


def _reason_text(outcome: Outcome) -> str:
    """Return what the requestor is told; the log's end helps to find the fault."""
    said = outcome.explanation.en if outcome.explanation else "It failed."
    return f"{said}\n{outcome.log_tail}".strip()
