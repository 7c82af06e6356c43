"""The worker's own folder of saved states: the newest two of each task, never used unhashed.

A file counts once the ledger knows its digest (`CheckpointTable`), and is removed only after the
ledger has let go of it; so a kill between any two steps leaves files too many, never too few.
Calls may block, and may come from several threads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.manifest import CheckpointRule
from gridle.worker.ledger.checkpoints import Checkpoint
from gridle.worker.sandbox.checkpoint_state import (
    SavedState,
    adopt_state,
    is_undamaged,
    place_state,
    take_state,
)

_SUFFIX = ".state"
_LEASE_ID_LENGTH = len("lease-") + 24


@dataclass(frozen=True)
class Found:
    """What a task can go on from; `damaged` are newer ones that were set aside or are missing."""

    checkpoint: Checkpoint | None
    damaged: tuple[Checkpoint, ...] = ()


class CheckpointStore:
    """Files `<lease>-<number>.state`. `known` is always what the ledger knows, newest first."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._last_numbers: dict[LeaseId, int] = {}

    def path(self, lease_id: LeaseId, checkpoint: Checkpoint) -> Path:
        """Return where a checkpoint's bytes are."""
        return self._path(lease_id, checkpoint.number)

    def take(
        self,
        lease_id: LeaseId,
        task_folder: Path,
        rule: CheckpointRule,
        known: Sequence[Checkpoint],
        done_cpu_s: float,
    ) -> Checkpoint | None:
        """Take the state that a task has saved; to be noted in the ledger next. None: see there.

        Raises:
            UnavailableError: this machine's disk is full or failing; older states still hold.
        """
        number = self._next_number(lease_id, known)
        saved = take_state(task_folder, rule, self._ready(lease_id, number))
        return self._as_checkpoint(number, saved, done_cpu_s)

    def adopt(
        self,
        lease_id: LeaseId,
        untrusted_path: Path,
        rule: CheckpointRule,
        done_cpu_s: float,
    ) -> Checkpoint | None:
        """Keep the state that came with a lease before any other; to be noted in the ledger next.

        None where it is empty or larger than its manifest allows.

        Raises:
            UnavailableError: this machine's disk is full or failing.
        """
        number = self._next_number(lease_id, ())
        saved = adopt_state(untrusted_path, rule, self._ready(lease_id, number))
        return self._as_checkpoint(number, saved, done_cpu_s)

    def newest_good(self, lease_id: LeaseId, known: Sequence[Checkpoint]) -> Found:
        """Return the newest checkpoint that is still as it was saved, hashing it again."""
        return self._first(lease_id, known, is_undamaged)

    def place(self, lease_id: LeaseId, known: Sequence[Checkpoint], task_folder: Path) -> Found:
        """Make a task's `checkpoint/` afresh, with the newest good state in it, where there is one.

        Raises:
            UnavailableError: this machine's disk is full or failing.
        """
        found = self._first(lease_id, known, lambda saved: place_state(saved, task_folder))
        if found.checkpoint is None:
            place_state(None, task_folder)
        return found

    def tidy(self, lease_id: LeaseId, known: Sequence[Checkpoint]) -> None:
        """Remove a lease's states that the ledger has let go of: older than the newest it knows.

        Newer ones are just being taken.
        """
        kept = {each.number for each in known}
        self._remove(
            self._path(lease_id, number)
            for number in map(_number, self._files(f"{lease_id}-*{_SUFFIX}"))
            if number < max(kept, default=0) and number not in kept
        )

    def forget(self, lease_id: LeaseId) -> None:
        """Remove every trace of a lease whose task has ended, damaged states too."""
        self._remove(self._files(f"{lease_id}-*"))
        with self._lock:
            self._last_numbers.pop(lease_id, None)

    def sweep(self, live: Iterable[LeaseId]) -> None:
        """Remove what belongs to no live lease."""
        kept = set(live)
        files = self._files("lease-*")
        self._remove(path for path in files if path.name[:_LEASE_ID_LENGTH] not in kept)

    def _first(
        self,
        lease_id: LeaseId,
        known: Sequence[Checkpoint],
        is_good: Callable[[SavedState], bool],
    ) -> Found:
        damaged: list[Checkpoint] = []
        for each in known:
            path = self._path(lease_id, each.number)
            if is_good(SavedState(path, each.sha256, each.size_bytes)):
                return Found(each, tuple(damaged))
            damaged.append(each)
            if path.exists():
                path.replace(path.with_name(f"{path.name}.corrupt-{int(self._clock())}"))
        return Found(None, tuple(damaged))

    def _next_number(self, lease_id: LeaseId, known: Sequence[Checkpoint]) -> int:
        """Two that take at once must not write to one file."""
        with self._lock:
            newest = max((each.number for each in known), default=0)
            number = max(newest, self._last_numbers.get(lease_id, 0)) + 1
            self._last_numbers[lease_id] = number
            return number

    def _as_checkpoint(
        self, number: int, saved: SavedState | None, done_cpu_s: float
    ) -> Checkpoint | None:
        if saved is None:
            return None
        return Checkpoint(number, saved.sha256, saved.size_bytes, done_cpu_s, self._clock())

    def _ready(self, lease_id: LeaseId, number: int) -> Path:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UnavailableError(
                f"The folder {self._folder} cannot be made ({error.strerror}); free some disk "
                "space.",
                f"无法创建文件夹 {self._folder}（{error.strerror}）；请释放一些磁盘空间。",
            ) from error
        return self._path(lease_id, number)

    def _path(self, lease_id: LeaseId, number: int) -> Path:
        return self._folder / f"{lease_id}-{number}{_SUFFIX}"

    def _files(self, pattern: str) -> list[Path]:
        return list(self._folder.glob(pattern)) if self._folder.exists() else []

    @staticmethod
    def _remove(paths: Iterable[Path]) -> None:
        for path in paths:
            path.unlink(missing_ok=True)


def _number(path: Path) -> int:
    return int(path.name[_LEASE_ID_LENGTH + 1 :].removesuffix(_SUFFIX))
