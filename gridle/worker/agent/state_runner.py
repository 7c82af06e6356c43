"""Acts on saved states with hands of its own, and puts what came of it into the agent's queue."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gridle.market.protocol.errors import GridleError
from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.messages import CheckpointRef
from gridle.worker.agent.events import Event, Saved, StateCopied, StatePacked
from gridle.worker.agent.hands import Hands
from gridle.worker.agent.roster import LiveTask
from gridle.worker.agent.task_data import TaskData
from gridle.worker.ledger.checkpoints import Checkpoint
from gridle.worker.sandbox.checkpoint_store import CheckpointStore

_HANDS = 4
_HASTY_GRACE_S = 2.0
"""What a task gets to save when this worker ends: a computer that shuts down does not wait."""
STATE_SUFFIX = ".state"
COPY_SUFFIX = ".copy"


@dataclass(frozen=True)
class Folders:
    """Where tasks work, and where what goes to the market waits."""

    tasks: Path
    results: Path


class StateRunner:
    """Every action on a saved state that may take time. Returns at once, but for `save_now`."""

    def __init__(
        self,
        store: CheckpointStore,
        data: TaskData,
        folders: Folders,
        put: Callable[[Event], None],
    ) -> None:
        self.store = store
        self._data = data
        self._folders = folders
        self._put = put
        self._hands = Hands("save", _HANDS)

    def save(self, task: LiveTask) -> None:
        """Tell a running task to save, and take its state."""
        taking = self._taking(task, None)

        def saved() -> Saved:
            try:
                return Saved(task.lease_id, taking())
            except GridleError as error:  # the disk is full: what was saved before holds
                return Saved(task.lease_id, None, error.sentence)
            except OSError:  # its files are gone, or damaged
                return Saved(task.lease_id, None)

        self._hands.do(lambda: self._put(saved()))

    def save_now(
        self, tasks: Sequence[LiveTask], timeout_s: float
    ) -> tuple[tuple[LiveTask, Checkpoint], ...]:
        """Tell tasks to save at once, in parallel, and wait; returns those that did."""
        taken: list[tuple[LiveTask, Checkpoint]] = []

        def take(task: LiveTask, taking: Callable[[], Checkpoint | None]) -> None:
            try:
                found = taking()
            except (GridleError, OSError):
                return  # what was saved before holds
            if found is not None:
                taken.append((task, found))

        threads = [
            threading.Thread(target=take, args=(task, self._taking(task, _HASTY_GRACE_S)))
            for task in tasks
        ]
        for thread in threads:
            thread.daemon = True
            thread.start()
        until_s = time.monotonic() + timeout_s
        for thread in threads:
            thread.join(max(0.0, until_s - time.monotonic()))
        return tuple(taken)

    def pack(self, task: LiveTask) -> None:
        """Lay a task's newest good state ready to go back with it."""
        lay = self._laying(task, STATE_SUFFIX)
        self._hands.do(lambda: self._put(StatePacked(task.lease_id, *lay())))

    def copy(self, task: LiveTask) -> None:
        """Lay a running task's newest good state ready for the market."""
        lay = self._laying(task, COPY_SUFFIX)
        self._hands.do(lambda: self._put(StateCopied(task.lease_id, *lay())))

    def remove_copy(self, lease_id: LeaseId) -> None:
        """Remove the copy that went to the market, or could not, before another is laid ready."""
        with suppress(OSError):  # the next start removes it
            (self._folders.results / f"{lease_id}{COPY_SUFFIX}").unlink(missing_ok=True)

    def tidy(self, task: LiveTask) -> None:
        """Remove the files of states that the ledger has let go of."""
        lease_id, known = task.lease_id, task.checkpoints
        self._hands.do(lambda: self.store.tidy(lease_id, known))

    def forget(self, lease_id: LeaseId) -> None:
        """Remove every file of a task's states."""
        self._hands.do(lambda: self.store.forget(lease_id))

    def sweep(self, live: Mapping[LeaseId, Sequence[Checkpoint]]) -> None:
        """Remove all but the known states of live tasks (blocks); before any is taken."""
        self.store.sweep(live)
        for copy in self._folders.results.glob(f"*{COPY_SUFFIX}"):
            with suppress(OSError):  # it is no reason not to begin; the next start tries again
                copy.unlink(missing_ok=True)

    def close(self) -> None:
        """Begin no other action."""
        self._hands.close(0.2)

    def _laying(
        self, task: LiveTask, suffix: str
    ) -> Callable[[], tuple[CheckpointRef | None, Path | None]]:
        lease_id, known = task.lease_id, task.checkpoints
        target = self._folders.results / f"{lease_id}{suffix}"

        def laying() -> tuple[CheckpointRef | None, Path | None]:
            try:
                found = self.store.newest_good(lease_id, known).checkpoint
                if found is None:
                    return None, None
                self._folders.results.mkdir(parents=True, exist_ok=True)
                target.unlink(missing_ok=True)
                # it stays where it was, too, until the ledger has the report that names it
                _link_or_copy(self.store.path(lease_id, found), target)
            except (GridleError, OSError):  # then it goes without: somebody begins anew
                return None, None
            return CheckpointRef(found.sha256, found.size_bytes, found.done_cpu_s), target

        return laying

    def _taking(self, task: LiveTask, grace_s: float | None) -> Callable[[], Checkpoint | None]:
        running, rule, known = task.running, task.manifest.checkpoint, task.checkpoints
        lease_id, done_cpu_s = task.lease_id, task.done_cpu_s
        folder = self._folders.tasks / lease_id

        def taking() -> Checkpoint | None:
            if running is None or rule is None or not running.save(grace_s or rule.grace_s):
                return None
            seal = self._data.state_seal(task)
            return self.store.take(lease_id, folder, rule, known, done_cpu_s, seal)

        return taking


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # some file systems have no second names
        shutil.copyfile(source, target)
