"""A task's `checkpoint/`: watched while it runs, and how it is told to save. All of it is hostile.

The protocol is in docs/checkpoints.md: the worker places a file `save` (and signals a container);
the task takes it away, writes `state.new` and renames it to `state`.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from gridle.market.protocol.manifest import CheckpointRule
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox import explanations

CHECKPOINT_NAME = "checkpoint"
STATE_NAME = "state"
DRAFT_NAME = "state.new"
REQUEST_NAME = "save"
_NAMES = frozenset({STATE_NAME, DRAFT_NAME, REQUEST_NAME})
_LOOK_S = 0.02
"""How often a save that was asked for is looked for; all looks of a minute take 0.1 s."""
_DISK_SLACK_BYTES = 2**16
"""Files occupy whole blocks."""
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_REQUEST_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

Mark = tuple[int, int, int]
"""A file's inode, time of its last change and size: another one tells of another content."""


@contextlib.contextmanager
def opened_checkpoint(folder: Path) -> Iterator[int]:
    """Hold a task's `checkpoint/` by a descriptor, from which names lead to nowhere else."""
    descriptor = os.open(folder / CHECKPOINT_NAME, _FOLDER_FLAGS)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def is_plain(state: os.stat_result) -> bool:
    """Whether it is a regular file with one name at most: a second one could lie elsewhere."""
    return stat.S_ISREG(state.st_mode) and state.st_nlink <= 1


def checkpoint_fault(folder: Path, rule: CheckpointRule) -> Sentence | None:
    """Say what is wrong with a task's `checkpoint/`: names, kinds or bytes; None where nothing is.

    Reads no file's content, so it is cheap enough to repeat while the task runs.
    """
    try:
        return _fault(folder, rule)
    except OSError:  # it is the task's own under some engines, which may close it to us
        return explanations.checkpoint_kind(CHECKPOINT_NAME)


def _fault(folder: Path, rule: CheckpointRule) -> Sentence | None:
    written_bytes = taken_bytes = 0
    with os.scandir(folder / CHECKPOINT_NAME) as entries:
        for entry in entries:
            try:
                state = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # the task renamed it meanwhile
            if entry.name not in _NAMES or not is_plain(state):
                return explanations.checkpoint_kind(entry.name)
            if state.st_size > rule.max_bytes:
                return explanations.checkpoint_bytes(rule.max_bytes)
            written_bytes += state.st_size
            taken_bytes += state.st_blocks * 512
    # some file systems set aside as much again for a file that grows
    most_bytes = 2 * rule.max_bytes
    if written_bytes > most_bytes or taken_bytes > 2 * most_bytes + _DISK_SLACK_BYTES:
        return explanations.checkpoint_bytes(rule.max_bytes)
    return None


def state_mark(folder: Path, rule: CheckpointRule) -> Mark | None:
    """Return the mark of a task's `state`; None where there is none that could be taken."""
    try:
        with opened_checkpoint(folder) as descriptor:
            found = os.stat(STATE_NAME, dir_fd=descriptor, follow_symlinks=False)
    except OSError:
        return None
    usable = is_plain(found) and 0 < found.st_size <= rule.max_bytes
    return (found.st_ino, found.st_ctime_ns, found.st_size) if usable else None


class SaveRequests:
    """Asks one task to save. Any thread may ask; a second one shares what the first one gets.

    `can_save` says whether the task runs: neither paused nor ended.
    """

    def __init__(
        self,
        folder: Path,
        rule: CheckpointRule,
        nudge: Callable[[], None],
        ended: threading.Event,
        can_save: Callable[[], bool],
    ) -> None:
        self._folder = folder
        self._rule = rule
        self._nudge = nudge
        self._ended = ended
        self._can_save = can_save
        self._asking = threading.Lock()

    def ask(self, grace_s: float) -> bool:
        """Ask it to save and wait; whether a newer state is in place in time.

        False as soon as the task is paused: it cannot save then. The request is gone in the end.
        """
        if not self._can_save():
            return False
        deadline_s = time.monotonic() + grace_s
        before = state_mark(self._folder, self._rule)
        if not self._asking.acquire(timeout=max(0.0, grace_s)):
            return self._is_newer(before)
        try:
            return self._is_newer(before) or self._request(before, deadline_s)
        finally:
            self._asking.release()

    def _request(self, before: Mark | None, deadline_s: float) -> bool:
        if not _place_request(self._folder):
            return False
        try:
            self._nudge()
            while self._can_save() and not self._is_newer(before):
                left_s = deadline_s - time.monotonic()
                if left_s <= 0:
                    break
                self._ended.wait(min(_LOOK_S, left_s))
            return self._is_newer(before)
        finally:
            _withdraw_request(self._folder)

    def _is_newer(self, before: Mark | None) -> bool:
        now = state_mark(self._folder, self._rule)
        return now is not None and now != before


def _place_request(folder: Path) -> bool:
    """Place `save`; whether it is there. Something else of that name is the task's fault."""
    try:
        with opened_checkpoint(folder) as descriptor:
            try:
                os.close(os.open(REQUEST_NAME, _REQUEST_FLAGS, 0o644, dir_fd=descriptor))
            except FileExistsError:
                return is_plain(os.stat(REQUEST_NAME, dir_fd=descriptor, follow_symlinks=False))
    except OSError:  # the disk is full, or the task plays with the name
        return False
    return True


def _withdraw_request(folder: Path) -> None:
    # what is no file stays: whoever watches the folder ends the task for it
    with contextlib.suppress(OSError), opened_checkpoint(folder) as descriptor:
        os.unlink(REQUEST_NAME, dir_fd=descriptor)
