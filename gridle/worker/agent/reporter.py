"""Brings results and failures to the market: first into the outbox, then out of it by answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gridle.market.protocol.commitment import commitment
from gridle.market.protocol.ids import LeaseId, PublicKey, Sha256
from gridle.market.protocol.messages import (
    CheckpointRef,
    Committed,
    Failed,
    Returned,
    Revealed,
    Saved,
)
from gridle.market.protocol.sentence import Sentence
from gridle.worker.agent.economy import Economy
from gridle.worker.agent.lifecycle import Happening
from gridle.worker.agent.roster import LiveTask, Roster
from gridle.worker.ledger.ledger import Ledger
from gridle.worker.ledger.outbox import Undelivered
from gridle.worker.sandbox.output import PackedOutput
from gridle.worker.sources.port import Reported, Source

_MAX_REASON = 2000


class Reporter:
    """One report of a lease is under way at a time; the next follows its answer."""

    def __init__(
        self,
        ledger: Ledger,
        source: Source,
        roster: Roster,
        node: PublicKey,
        new_salt: Callable[[], Sha256],
        economy: Economy,
    ) -> None:
        self._economy = economy
        self._ledger = ledger
        self._source = source
        self._roster = roster
        self._node = node
        self._new_salt = new_salt

    def repeat_undelivered(self, now: float) -> None:
        """Send what an earlier run could not deliver, and finish what it was doing."""
        for lease_id in self._ledger.outbox.leases():
            due = self._ledger.outbox.next_of(lease_id)
            task = self._roster.get(lease_id)
            if task is not None and due is not None:
                if isinstance(due.report, Failed):
                    self._roster.move(task, Happening.FAILED, now)
                elif isinstance(due.report, Returned):
                    self._roster.move(task, Happening.RETURNED, now)
            self._send_due(lease_id)

    def finished(self, task: LiveTask, output: PackedOutput, now: float) -> None:
        """Commit to a result, then reveal it."""
        self._economy.settle(task, now, has_result=True)
        salt = self._new_salt()
        committed = Committed(task.lease_id, commitment(output.sha256, salt, self._node))
        revealed = Revealed(task.lease_id, output.sha256, salt, task.usage)
        self._roster.keep_result(task, output.sha256)
        self._ledger.outbox.put(
            task.lease_id, (Undelivered(committed, None), Undelivered(revealed, output.path))
        )
        self._send_due(task.lease_id)

    def failed(self, task: LiveTask, reason: str, now: float) -> None:
        """Report that a task ended without a result."""
        self._economy.settle(task, now, has_result=False)
        report = Failed(task.lease_id, reason[:_MAX_REASON], task.usage)
        self._ledger.outbox.put(task.lease_id, (Undelivered(report, None),))
        self._roster.keep_result(task, None)
        self._roster.move(task, Happening.FAILED, now)
        self._send_due(task.lease_id)

    def give_back(
        self,
        task: LiveTask,
        now: float,
        state: CheckpointRef | None = None,
        archive: Path | None = None,
    ) -> None:
        """Return a task unfinished, with its saved state where it has one."""
        self._economy.settle(task, now, has_result=False)
        report = Returned(task.lease_id, state)
        self._ledger.outbox.put(task.lease_id, (Undelivered(report, archive),))
        self._roster.move(task, Happening.RETURNED, now)
        self._send_due(task.lease_id)

    def saved(self, task: LiveTask, state: CheckpointRef, archive: Path) -> None:
        """Hand on a running task's state. It is in no outbox: the next one says the same better."""
        self._source.report(Saved(task.lease_id, state), archive)

    def answered(self, answer: Reported, now: float) -> Sentence | None:
        """Take the market's answer; returns why a result did not count, where it did not.

        Safe to repeat.
        """
        task = self._roster.get(answer.lease_id)
        carries_result = isinstance(answer.report, Committed | Revealed)
        if answer.refused is not None:
            self._ledger.outbox.drop(answer.lease_id)
            if task is not None:
                self._roster.move(task, Happening.FAILED, now)
            return answer.refused if carries_result else None
        if isinstance(answer.report, Revealed) and task is not None:
            self._roster.move(task, Happening.REVEALED, now)
        self._ledger.outbox.delivered(answer.lease_id, answer.report)
        self._send_due(answer.lease_id)
        return None

    def _send_due(self, lease_id: LeaseId) -> None:
        due = self._ledger.outbox.next_of(lease_id)
        if due is not None:
            self._source.report(due.report, due.archive)
