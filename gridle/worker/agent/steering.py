"""Makes tasks follow the allowance: paused, resumed, throttled, told to leave, and started."""

from __future__ import annotations

from dataclasses import replace

from gridle.worker.agent.division import shares, startable
from gridle.worker.agent.economy import Economy
from gridle.worker.agent.events import Setting
from gridle.worker.agent.leaving import SAVE_SHARE, Leaving
from gridle.worker.agent.roster import LiveTask, Roster
from gridle.worker.agent.runner import Runner
from gridle.worker.agent.saving import Saving
from gridle.worker.ipc.messages import WorkerTaskState
from gridle.worker.policy.allowance import Allowance
from gridle.worker.policy.eviction import LONG_PAUSE_S
from gridle.worker.sandbox.port import Share

NO_SHARE = Share(cpu_percent=0.0)


class Steering:
    """Only the agent's thread calls it."""

    def __init__(self, roster: Roster, runner: Runner, economy: Economy, saving: Saving) -> None:
        self._roster = roster
        self._runner = runner
        self._economy = economy
        self._saving = saving
        self._leaving = Leaving(runner, saving)

    def steer(
        self, allowance: Allowance, memory_limit_bytes: int, idle_s: float | None, now: float
    ) -> tuple[LiveTask, ...]:
        """Make every task follow the allowance; pausing comes first and waits for nothing.

        Returns the tasks that have waited for their start for too long: they are to be given back.
        """
        held = [task for task in self._roster if task.holds_machine]
        self._leaving.mark(allowance, memory_limit_bytes, idle_s, held, now)
        self._adjust_running(allowance, held, now)
        self._leaving.step(held, now)
        self._saving.ask_due()
        self._saving.hand_on_due(allowance.upload_bytes_s)
        self._start_ready(allowance, held, now)
        return self._overdue(allowance, now)

    def _adjust_running(self, allowance: Allowance, held: list[LiveTask], now: float) -> None:
        going = [task for task in held if allowance.may_run and self._economy.pays(task, now)]
        parts = shares(allowance, [task.need for task in going])
        for task in held:
            share = parts.get(task.lease_id) or self._share_to_save(allowance, task)
            wanted = Setting(paused=share is None, share=share or NO_SHARE)
            idle = task.running is not None and not task.adjusting and task.stopping is None
            if idle and wanted != task.applied:
                task.adjusting = True
                self._runner.adjust(task, wanted)

    def _share_to_save(self, allowance: Allowance, task: LiveTask) -> Share | None:
        """Return what a task that is to leave gets while it saves; None where it may not run."""
        if task.leaving is None or not self._leaving.may_run(task):
            return None
        return replace(SAVE_SHARE, core_ids=allowance.core_ids)

    def _overdue(self, allowance: Allowance, now: float) -> tuple[LiveTask, ...]:
        overdue: list[LiveTask] = []
        for task in self._roster:
            if task.holds_machine:
                continue  # a long pause is for `Leaving`
            may_begin = allowance.may_run and allowance.begins_work
            waits = task.takes_room and not (may_begin and self._economy.pays(task, now))
            task.paused_since = (task.paused_since or now) if waits else None
            if task.paused_since is not None and now - task.paused_since > LONG_PAUSE_S:
                overdue.append(task)
        return tuple(overdue)

    def _start_ready(self, allowance: Allowance, held: list[LiveTask], now: float) -> None:
        ready = [
            task
            for task in self._roster
            if task.state is WorkerTaskState.READY
            and not (task.starting or task.stopping)
            and self._economy.pays(task, now)
        ]
        going = startable(allowance, [task.need for task in held], [task.need for task in ready])
        starting = [each for each in ready if each.lease_id in going]
        parts = shares(allowance, [task.need for task in (*held, *starting)])
        taken = {card for task in held for card in task.gpus}
        free = [card for card in allowance.gpus if card not in taken]
        for task in starting:
            task.starting = True
            wanted = task.need.gpus
            task.gpus, free = tuple(free[:wanted]), free[wanted:]
            share = parts[task.lease_id]
            task.applied = Setting(paused=False, share=share)
            self._runner.start(task, share)
