"""What goes over the network in this worker's name: its own messages, and what tasks reach."""

from __future__ import annotations

from gridle.worker.agent.ports import TaskNetwork
from gridle.worker.agent.roster import Roster
from gridle.worker.sandbox.net_process import Rates
from gridle.worker.sources.port import Source, Transferred


class Transfers:
    """Holds both together to the owner's rates. Only the agent's thread calls it."""

    def __init__(self, source: Source, tasks: TaskNetwork | None, roster: Roster) -> None:
        self._source = source
        self._tasks = tasks
        self._roster = roster
        self._told: tuple[Rates, bool] | None = None

    def limit(self, download_bytes_s: int | None, upload_bytes_s: int | None) -> None:
        """Hold all transfers to these rates: half of each for tasks, while a task has a network."""
        rates = Rates(upload_bytes_s, download_bytes_s)
        shared = any(task.manifest.network_allow and task.holds_machine for task in self._roster)
        if (rates, shared) == self._told:
            return
        self._told = (rates, shared)
        half = Rates(_half(upload_bytes_s), _half(download_bytes_s)) if shared else rates
        self._source.limit(half.received_bytes_s, half.sent_bytes_s)
        if self._tasks is not None:
            self._tasks.limit(half)

    def transferred(self) -> Transferred:
        """Return all that was sent and received since the worker's start."""
        own = self._source.transferred()
        if self._tasks is None:
            return own
        theirs = self._tasks.transferred()
        return Transferred(
            own.sent_bytes + theirs.sent_bytes, own.received_bytes + theirs.received_bytes
        )


def _half(rate: int | None) -> int | None:
    return max(1, rate // 2) if rate else rate
