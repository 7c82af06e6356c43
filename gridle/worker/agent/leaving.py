"""Makes tasks leave memory or a graphics card: told to save where they may, then stopped."""

from __future__ import annotations

from collections.abc import Sequence

from gridle.worker.agent.lifecycle import Happening
from gridle.worker.agent.roster import LiveTask
from gridle.worker.agent.runner import Runner
from gridle.worker.agent.saving import Saving
from gridle.worker.policy.allowance import Allowance
from gridle.worker.policy.eviction import Eviction, Holder, evictions, may_save
from gridle.worker.sandbox.port import Share

SAVE_SHARE = Share(cpu_percent=10.0)
"""What a paused task gets for the moment in which it saves."""
_QUIET_PATIENCE_S = 300.0
"""So long a task that goes after a long pause waits for a moment in which it may save."""


class Leaving:
    """Only the agent's thread calls it."""

    def __init__(self, runner: Runner, saving: Saving) -> None:
        self._runner = runner
        self._saving = saving
        self._may_save = False

    def mark(
        self,
        allowance: Allowance,
        memory_limit_bytes: int,
        idle_s: float | None,
        held: Sequence[LiveTask],
        now: float,
    ) -> None:
        """Say who has to leave, and who need not any more."""
        self._may_save = may_save(allowance, idle_s)
        holders = [_holder(task, now) for task in held if task.stopping is None]
        going = evictions(allowance, memory_limit_bytes, holders)
        for task in held:
            how = going.get(task.lease_id)
            if how is not None and task.leaving is None:
                task.leaving, task.leaving_since, task.has_saved = how, now, False
            elif how is None and allowance.may_run and not (task.saving or task.has_saved):
                task.leaving = None

    def may_run(self, task: LiveTask) -> bool:
        """Say whether a task that leaves runs now, to save."""
        return self._may_save and not task.has_saved and self._saves(task)

    def step(self, held: Sequence[LiveTask], now: float) -> None:
        """Bring each task that has to leave one step further."""
        for task in held:
            if task.leaving is None or task.stopping is not None or task.running is None:
                continue
            if task.saving:
                continue
            if self.may_run(task):
                runs = task.applied is not None and not task.applied.paused
                if runs and not task.adjusting:
                    self._saving.ask(task)
            elif task.has_saved or not self._waits_for_quiet(task, now):
                self._stop(task)

    def _waits_for_quiet(self, task: LiveTask, now: float) -> bool:
        patient = task.leaving is Eviction.GIVE_BACK and self._saves(task)
        return patient and now - task.leaving_since < _QUIET_PATIENCE_S

    @staticmethod
    def _saves(task: LiveTask) -> bool:
        """A card has to be free at once, so its holder goes on from what it saved before."""
        return task.manifest.checkpoint is not None and not task.gpus

    def _stop(self, task: LiveTask) -> None:
        returns = task.leaving is Eviction.GIVE_BACK
        task.stopping = Happening.RETURNED if returns else Happening.EVICTED
        self._runner.stop(task)


def _holder(task: LiveTask, now: float) -> Holder:
    return Holder(
        task.lease_id,
        task.need.memory_bytes,
        task.gpus,
        saves=task.manifest.checkpoint is not None,
        paused_s=None if task.paused_since is None else now - task.paused_since,
    )
