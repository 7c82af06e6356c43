"""Tells tasks to save, keeps what they saved, and hands it on to their next start or node."""

from __future__ import annotations

from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.messages import CheckpointRef
from gridle.worker.agent.events import Fetched, Saved, Started
from gridle.worker.agent.roster import LiveTask, Roster
from gridle.worker.agent.state_runner import StateRunner
from gridle.worker.ipc.messages import WorkerTaskState
from gridle.worker.ledger.checkpoints import Checkpoint
from gridle.worker.ledger.ledger import Ledger
from gridle.worker.policy.handing_on import is_worth_handing_on

_AHEAD_S = 2.0
"""So long before its interval is over a task is told: usage is measured once a second, and a save
takes its time, and no more than an interval of work is ever to be lost."""


class Saving:
    """Every saved state is in the ledger before it counts. Only the agent's thread calls it."""

    def __init__(self, roster: Roster, states: StateRunner, ledger: Ledger) -> None:
        self._roster = roster
        self._states = states
        self._ledger = ledger

    def sweep(self) -> None:
        """Remove the states of tasks that are no longer here."""
        live = {task.lease_id: task.checkpoints for task in self._roster}
        for lease_id in self._ledger.checkpoints.leases():
            if lease_id not in live:
                self._ledger.checkpoints.forget(lease_id)
        self._states.sweep(live)

    def ask_due(self) -> None:
        """Tell every running task to save whose interval of work is over."""
        for task in self._roster:
            rule = task.manifest.checkpoint
            runs = task.state is WorkerTaskState.RUNNING and task.running is not None
            busy = task.saving or task.adjusting or task.leaving or task.stopping
            if rule is None or not runs or busy:
                continue
            unsaved_s = (task.done_cpu_s - task.saved_cpu_s) / task.need.cores
            if unsaved_s >= max(rule.interval_s / 2, rule.interval_s - _AHEAD_S):
                self.ask(task)

    def ask(self, task: LiveTask) -> None:
        """Tell a task to save."""
        task.saving = True
        task.saved_cpu_s = task.done_cpu_s
        self._states.save(task)

    def saved(self, event: Saved) -> None:
        """Keep a saved state.

        Raises:
            UnavailableError: the ledger cannot be written; the same event can be handed in again.
        """
        task = self._roster.get(event.lease_id)
        if task is None:
            return
        if event.checkpoint is not None:
            self._note(task, event.checkpoint)
        task.saving, task.has_saved = False, True

    def fetched(self, task: LiveTask, event: Fetched) -> None:
        """Keep the state that came with a task's lease."""
        if event.checkpoint is not None and not task.checkpoints:
            self._note(task, event.checkpoint)

    def started(self, task: LiveTask, event: Started) -> bool:
        """Note from where a task goes on; damaged states are let go. Returns whether any were."""
        if event.found is None:
            return False
        damaged = event.found.damaged
        if damaged:
            self._ledger.checkpoints.remove(task.lease_id, damaged)
            task.checkpoints = tuple(each for each in task.checkpoints if each not in damaged)
        begun = event.found.checkpoint
        task.began_cpu_s = begun.done_cpu_s if begun else 0.0
        task.saved_cpu_s = task.began_cpu_s
        return bool(damaged)

    def save_all(self, timeout_s: float) -> None:
        """Tell all running tasks to save before this worker ends, and wait for them."""
        running = [
            task
            for task in self._roster
            if task.manifest.checkpoint
            and task.running is not None
            and task.state is WorkerTaskState.RUNNING
        ]
        for task, checkpoint in self._states.save_now(running, timeout_s):
            self._note(task, checkpoint)

    def hand_on_due(self, upload_bytes_s: int | None) -> None:
        """Lay states ready for the market that hold much work which it has not."""
        for task in self._roster:
            if not task.checkpoints or task.handing_on or task.stopping or task.running is None:
                continue
            newest = task.checkpoints[0]
            new_work_s = (newest.done_cpu_s - task.handed_cpu_s) / task.need.cores
            if is_worth_handing_on(new_work_s, newest.size_bytes, upload_bytes_s):
                task.handing_on, task.handed_cpu_s = True, newest.done_cpu_s
                self._states.copy(task)

    def handed_on(self, lease_id: LeaseId, ref: CheckpointRef | None) -> None:
        """Take in that the market has a state (None: it does not); its copy is not needed."""
        self._states.remove_copy(lease_id)
        task = self._roster.get(lease_id)
        if task is None:
            return
        task.handing_on = False
        if ref is not None and is_trusted(task, ref):
            task.at_market = ref

    def pack(self, task: LiveTask) -> bool:
        """Lay a task's state ready to go back with it; False where there is none to go.

        What came with its lease, or was handed on in this run, is there already.
        """
        there = task.at_market
        newest = task.checkpoints[0] if task.checkpoints else None
        if newest is None or (there is not None and newest.done_cpu_s <= there.done_cpu_s):
            return False
        self._states.pack(task)
        return True

    def distrust(self, task: LiveTask) -> None:
        """Forget every state of a task, the one of its lease too: it begins at the beginning."""
        self.forget(task)
        task.at_market, task.handed_cpu_s, task.distrusts_lease = None, 0.0, True

    def forget(self, task: LiveTask) -> None:
        """Remove every state of a task that needs none any more."""
        if task.manifest.checkpoint is not None:
            self._ledger.checkpoints.forget(task.lease_id)
            task.checkpoints = ()
            self._states.forget(task.lease_id)
            self._states.remove_copy(task.lease_id)

    def _note(self, task: LiveTask, checkpoint: Checkpoint) -> None:
        self._ledger.checkpoints.add(task.lease_id, checkpoint)
        task.checkpoints = self._ledger.checkpoints.of(task.lease_id)
        self._states.tidy(task)


def is_trusted(task: LiveTask, ref: CheckpointRef) -> bool:
    """Whether this is a state that the task may still go on from."""
    return any(each.sha256 == ref.sha256 for each in task.checkpoints)
