"""A task's data on its way into its folder and out of it; that of sealed jobs is opened and sealed.

Keys are in memory alone, from the fetch of a task until its folder is wiped.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.messages import CheckpointRef
from gridle.worker.agent.roster import LiveTask
from gridle.worker.ledger.checkpoints import Checkpoint
from gridle.worker.sandbox.checkpoint_store import CheckpointStore
from gridle.worker.sandbox.output import INPUT_NAME, PackedOutput
from gridle.worker.sandbox.sealed_files import open_inputs, seal_result
from gridle.worker.sandbox.state_seal import StateSeal
from gridle.worker.sources.key_ring import KeyRing
from gridle.worker.sources.port import Source
from gridle.worker.sources.progress import OnProgress
from gridle.worker.traces import data_blobs


class TaskData:
    """Each call may block; from any thread."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._ring = KeyRing(source.task_keys)

    def bring_inputs(self, task: LiveTask, folder: Path, tell: OnProgress) -> None:
        """Put a task's inputs into its `in/`, which is there and empty.

        Raises:
            NoKeysError: its requestor sent no keys.
            GridleError: an input cannot be had or opened.
        """
        if is_sealed(task):
            keys = self._ring.of(task.lease_id)
            open_inputs(task.manifest, keys, lambda sha256: self._source.blob(sha256, tell), folder)
            return
        for each in task.manifest.inputs:
            path = self._source.blob(each.sha256, tell)
            shutil.copyfile(path, folder / INPUT_NAME / each.name)

    def closed(self, task: LiveTask, output: PackedOutput) -> PackedOutput:
        """Return the result archive as it may leave this machine.

        Raises:
            GridleError: it cannot be sealed.
        """
        if not is_sealed(task):
            return output
        return seal_result(output, task.manifest, self._ring.of(task.lease_id))

    def state_seal(self, task: LiveTask) -> StateSeal | None:
        """Return what seals a task's states; None for those that are kept as they are.

        Raises:
            GridleError: as `Source.task_keys`.
        """
        rule = task.manifest.checkpoint
        if rule is None or not is_sealed(task):
            return None
        return StateSeal(rule, self._ring.of(task.lease_id))

    def adopted(
        self, task: LiveTask, store: CheckpointStore, path: Path, given: CheckpointRef
    ) -> Checkpoint | None:
        """Keep the state that came with a task's lease, sealed where it is; None: see the store.

        Raises:
            UnavailableError: this machine's disk is full or failing.
        """
        rule = task.manifest.checkpoint
        if rule is None:
            return None
        return store.adopt(task.lease_id, path, rule, given.done_cpu_s, is_sealed=is_sealed(task))

    def let_go(self, lease_id: LeaseId) -> None:
        """Forget a task's keys."""
        self._ring.drop(lease_id)

    def forget_blobs(self, task: LiveTask, others: Iterable[LiveTask]) -> None:
        """Remove the sealed files of an ended task that no other one needs."""
        if is_sealed(task):
            needed = (data_blobs(each.lease, each.manifest) for each in others)
            own = data_blobs(task.lease, task.manifest)
            self._source.forget(own.difference(*needed))


def is_sealed(task: LiveTask) -> bool:
    """Whether only its requestor and this machine may read its data."""
    return task.manifest.data_class == "sealed"
