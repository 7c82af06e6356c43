"""How a task leaves this machine: given back, failed, or broken too often; and what stays."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from gridle.market.protocol.manifest import RuntimeKind
from gridle.market.protocol.messages import CheckpointRef
from gridle.market.protocol.sentence import Sentence
from gridle.worker.agent import sentences
from gridle.worker.agent.events import StatePacked
from gridle.worker.agent.lifecycle import Happening
from gridle.worker.agent.reporter import Reporter
from gridle.worker.agent.roster import LiveTask, Roster, let_loose
from gridle.worker.agent.runner import Runner
from gridle.worker.agent.saving import Saving

MAX_ATTEMPTS = 3
BENCH_S = 60.0
"""How long a kind of sandbox that broke a task for good is not offered."""
_MAX_WARNINGS = 5


class Parting:
    """Only the agent's thread calls it."""

    def __init__(self, roster: Roster, runner: Runner, reporter: Reporter, saving: Saving) -> None:
        self._roster = roster
        self._runner = runner
        self._reporter = reporter
        self._saving = saving
        self.benched: dict[RuntimeKind, float] = {}
        """Kinds that broke lately, and until when they are not offered."""
        self.warnings: deque[Sentence] = deque(maxlen=_MAX_WARNINGS)

    def let_go(self, task: LiveTask, now: float) -> None:
        """Give a task back, stopped first where it runs."""
        if task.stopping is Happening.RETURNED:
            return
        if task.running is None and not task.starting:
            self.give_back(task, now)
            return
        task.stopping = Happening.RETURNED
        self._runner.stop(task)

    def give_back(self, task: LiveTask, now: float) -> None:
        """Give back a task that does not run, with its state as soon as that lies ready."""
        if not task.lost and self._saving.pack(task):
            task.running = None
            task.stopping = Happening.RETURNED
            return
        self._go_back(task, now, None, None)

    def packed(self, event: StatePacked, now: float) -> None:
        """Its state lies ready to go back with it."""
        task = self._roster.get(event.lease_id)
        if task is not None:
            self._go_back(task, now, event.ref, event.archive)

    def failed(self, task: LiveTask, why: Sentence, reason: str, now: float) -> None:
        """It ended by its own fault; the market is told why, unless it wants to know no more."""
        if task.lost:
            self._roster.move(task, Happening.RETURNED, now)
        else:
            self._reporter.failed(task, reason, now)
        self._saving.forget(task)
        self.warnings.append(sentences.task_fault(task.manifest.title, why))
        self.leave(task)

    def broke(self, task: LiveTask, why: Sentence, now: float) -> bool:
        """This machine failed it: back it goes after some tries; returns whether it has another."""
        if task.lost or task.attempts + 1 >= MAX_ATTEMPTS:
            self.benched[task.manifest.runtime_kind] = now + BENCH_S
            self.warnings.append(sentences.task_fault(task.manifest.title, why))
            self._runner.look_at_runtimes()
            self.give_back(task, now)
            return False
        if not self._roster.move(task, Happening.BROKE, now):
            return False
        let_loose(task)
        task.attempts += 1
        return True

    def leave(self, task: LiveTask) -> None:
        """Let nothing of an ended task stay, but what others need and what is to be delivered."""
        others = [each for each in self._roster if each is not task and each.takes_room]
        self._runner.leave(task, others)

    def move_times(self, jumped_s: float) -> None:
        """Take in that the clock was set by so much."""
        self.benched = {kind: until + jumped_s for kind, until in self.benched.items()}

    def _go_back(
        self, task: LiveTask, now: float, state: CheckpointRef | None, archive: Path | None
    ) -> None:
        if task.lost:
            self._roster.move(task, Happening.RETURNED, now)
            self._runner.remove_result(task.lease_id)
        else:
            self._reporter.give_back(task, now, state, archive)
        self._saving.forget(task)
        self.leave(task)
