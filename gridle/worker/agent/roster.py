"""The live tasks: in memory for speed, in the ledger for the next start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from gridle.market.protocol.ids import JobId, LeaseId, Sha256
from gridle.market.protocol.manifest import Manifest
from gridle.market.protocol.messages import CheckpointRef, Lease, TaskUsage
from gridle.worker.agent.division import Need, need
from gridle.worker.agent.events import Setting
from gridle.worker.agent.lifecycle import END_STATES, Happening, advance
from gridle.worker.ipc.messages import WorkerTaskState
from gridle.worker.ledger.checkpoints import Checkpoint
from gridle.worker.ledger.ledger import Ledger
from gridle.worker.policy.eviction import Eviction
from gridle.worker.sandbox.port import RunningTask

NO_USAGE: Final = TaskUsage(cpu_s=0.0, wall_s=0.0, peak_memory_bytes=0)

_WORTH_WRITING = END_STATES | {WorkerTaskState.FINISHING, WorkerTaskState.REPORTED}
"""A restart treats all earlier states alike, so that pausing never waits for the disk."""

_HOLDS_MACHINE = (WorkerTaskState.RUNNING, WorkerTaskState.PAUSED)


@dataclass
class LiveTask:
    """A task that this machine still does something for."""

    lease: Lease
    manifest: Manifest
    state: WorkerTaskState
    offered_at: float
    started_at: float | None = None
    fetched_percent: int | None = None
    """How much of its program and inputs is here while it is fetched; None: unknown."""
    running: RunningTask | None = None
    gpus: tuple[str, ...] = ()
    """The cards that it holds."""
    starting: bool = False
    applied: Setting | None = None
    adjusting: bool = False
    """A setting is on its way; the next one waits for its answer."""
    stopping: Happening | None = None
    """Why we stop it: what happens to it once its sandbox has ended it."""
    lost: bool = False
    """The market says that its lease is no longer ours."""
    awaits_renewal: bool = False
    """Taken over from an earlier run; begun again only if its lease can still be renewed."""
    paused_since: float | None = None
    """Since when it has been paused, or has waited ready while nothing may run."""
    attempts: int = 0
    checkpoints: tuple[Checkpoint, ...] = ()
    """Its saved states, newest first, as the ledger knows them."""
    saving: bool = False
    """It was told to save; what came of it is an event."""
    saved_cpu_s: float = 0.0
    """`done_cpu_s` when it was last told to save."""
    at_market: CheckpointRef | None = None
    """The newest state that the market has of it: its lease's, or one handed on in this run."""
    handing_on: bool = False
    """A copy of its state is on its way to the market; the next one waits for its answer."""
    handed_cpu_s: float = 0.0
    """`done_cpu_s` of the state that last went there in this run, whatever came of it."""
    distrusts_lease: bool = False
    """It failed of a saved state, so the one of its lease is not used any more."""
    leaving: Eviction | None = None
    """It has to leave, and saves first where it may."""
    leaving_since: float = 0.0
    has_saved: bool = False
    """Since it has to leave, it was told to save once."""
    began_cpu_s: float = 0.0
    """CPU seconds that had gone into the state from which it was last started."""
    carried: TaskUsage = NO_USAGE
    """What its earlier starts here used, wasted work included."""
    seen_core_s: float = 0.0
    """CPU seconds that other tasks of its job took here on average; 0 where none is done."""
    usage: TaskUsage = NO_USAGE

    @property
    def lease_id(self) -> LeaseId:
        """The lease by which this task is known."""
        return self.lease.lease_id

    @property
    def job_id(self) -> JobId:
        """The job that it belongs to."""
        return self.lease.task_id.partition(".")[0]

    @property
    def done_cpu_s(self) -> float:
        """CPU seconds that have gone into what it has done so far."""
        return self.began_cpu_s + self.usage.cpu_s - self.carried.cpu_s

    @property
    def need(self) -> Need:
        """What it takes of the machine."""
        return need(self.lease_id, self.manifest)

    @property
    def holds_machine(self) -> bool:
        """Whether a sandbox has it, or is about to."""
        return self.starting or self.state in _HOLDS_MACHINE

    @property
    def takes_room(self) -> bool:
        """Whether it has, or will have, cores and memory: all but results on their way."""
        return self.state is not WorkerTaskState.FINISHING and not self.awaits_renewal


class Roster:
    """All live tasks, oldest first, each step of their lives written where it matters."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._tasks: dict[LeaseId, LiveTask] = {}
        self.ended_cpu_s = 0.0
        """CPU seconds of the tasks that are no longer here."""

    def __iter__(self) -> Iterator[LiveTask]:
        return iter(tuple(self._tasks.values()))

    def get(self, lease_id: LeaseId) -> LiveTask | None:
        """Return a live task."""
        return self._tasks.get(lease_id)

    def restore(self) -> None:
        """Take over what an earlier run left: results to deliver, and tasks to begin again."""
        delivering = set(self._ledger.outbox.leases())
        for record in self._ledger.tasks.live():
            delivers = record.lease.lease_id in delivering
            state = WorkerTaskState.FINISHING if delivers else WorkerTaskState.OFFERED
            task = _begun(LiveTask(record.lease, record.manifest, state, record.offered_at))
            task.awaits_renewal = not delivers
            task.usage = record.usage
            task.seen_core_s = self._core_s_seen(record.lease)
            task.checkpoints = self._ledger.checkpoints.of(record.lease.lease_id)
            self._tasks[task.lease_id] = task

    def _core_s_seen(self, lease: Lease) -> float:
        return self._ledger.tasks.core_s_seen(lease.order.order.manifest_sha256)

    def add(self, lease: Lease, manifest: Manifest, now: float) -> LiveTask | None:
        """Take on a new task; None where its lease is known already."""
        if self._ledger.tasks.state(lease.lease_id) is not None:
            return None
        self._ledger.tasks.add(lease, manifest, now)
        task = _begun(LiveTask(lease, manifest, WorkerTaskState.OFFERED, now))
        task.seen_core_s = self._core_s_seen(lease)
        self._tasks[lease.lease_id] = task
        return task

    def move(self, task: LiveTask, happening: Happening, now: float) -> bool:
        """Move a task on; tells whether `happening` applied to the state it is in.

        Raises:
            UnavailableError: the ledger cannot be written; the task is as it was.
        """
        state = advance(task.state, happening)
        if state is None:
            return False
        if state in _WORTH_WRITING:
            self._ledger.tasks.set_state(task.lease_id, state, now if state in END_STATES else None)
        task.state = state
        task.paused_since = now if state is WorkerTaskState.PAUSED else None
        if state in END_STATES or state is WorkerTaskState.REPORTED:
            self.forget(task)
        return True

    def keep_result(self, task: LiveTask, result_sha256: Sha256 | None) -> None:
        """Write what a task used, and its result's digest where it has one."""
        self._ledger.tasks.set_result(task.lease_id, task.usage, result_sha256)

    def renew(self, task: LiveTask, expires_at: float) -> None:
        """Note that a lease lasts longer."""
        task.lease = msgspec.structs.replace(task.lease, expires_at=expires_at)
        task.awaits_renewal = False

    def forget(self, task: LiveTask) -> None:
        """Let go of a task that needs nothing more; the ledger keeps its end."""
        if self._tasks.pop(task.lease_id, None) is not None:
            self.ended_cpu_s += task.usage.cpu_s

    def cpu_s(self) -> float:
        """Return the CPU seconds of all tasks since this worker began."""
        return self.ended_cpu_s + sum(task.usage.cpu_s for task in self)


def _begun(task: LiveTask) -> LiveTask:
    """Take in the state that came with a task's lease."""
    task.at_market = task.lease.checkpoint
    task.handed_cpu_s = task.at_market.done_cpu_s if task.at_market else 0.0
    return task


def let_loose(task: LiveTask) -> None:
    """Clear what a sandbox left on a task that starts again, from a saved state or over."""
    task.running, task.applied, task.started_at, task.gpus = None, None, None, ()
    task.starting, task.adjusting, task.stopping = False, False, None
    task.saving, task.leaving, task.has_saved = False, None, False
    task.carried = task.usage


def together(one: TaskUsage, other: TaskUsage) -> TaskUsage:
    """Return what two starts of a task used."""
    peak_bytes = max(one.peak_memory_bytes, other.peak_memory_bytes)
    return TaskUsage(one.cpu_s + other.cpu_s, one.wall_s + other.wall_s, peak_bytes)
