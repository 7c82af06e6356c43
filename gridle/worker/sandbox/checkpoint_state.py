"""A task's saved state, taken out of its folder and put back. Its bytes are hostile.

They are hashed and copied, never opened as anything: not run, not unpacked, not parsed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.manifest import CheckpointRule
from gridle.worker.sandbox.checkpoint import (
    CHECKPOINT_NAME,
    STATE_NAME,
    is_plain,
    opened_checkpoint,
)
from gridle.worker.sandbox.output import wipe

_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_BLOCK_BYTES = 2**20
_OURS_ALONE = 0o600
_FOR_THE_TASK = 0o644
_FOLDER_MODE = 0o755


@dataclass(frozen=True)
class SavedState:
    """A task's state in a file of this worker's."""

    path: Path
    sha256: Sha256
    size_bytes: int


def take_state(folder: Path, rule: CheckpointRule, to: Path) -> SavedState | None:
    """Copy the `state` in a task's folder to the file `to`, durably, whole or not at all.

    The task may run on meanwhile: a state that it replaces by renaming is still whole. None where
    there is none, where it is no plain file, empty or too large, or changed while it was read.

    Raises:
        UnavailableError: this machine's disk is full or failing.
    """
    try:
        with opened_checkpoint(folder) as descriptor:
            source = os.open(STATE_NAME, _READ_FLAGS, dir_fd=descriptor)
    except OSError:
        return None
    return _keep(source, rule, to)


def adopt_state(untrusted_path: Path, rule: CheckpointRule, to: Path) -> SavedState | None:
    """Copy a state that another machine took to the file `to`, as `take_state` does."""
    try:
        source = os.open(untrusted_path, _READ_FLAGS)
    except OSError:
        return None
    return _keep(source, rule, to)


def is_undamaged(saved: SavedState) -> bool:
    """Hash a state again where it is kept."""
    with contextlib.suppress(OSError):
        source = os.open(saved.path, _READ_FLAGS)
        try:
            digest = hashlib.sha256()
            for block in _blocks(source, saved.size_bytes + 1):
                digest.update(block)
            return digest.hexdigest() == saved.sha256
        finally:
            os.close(source)
    return False


def place_state(saved: SavedState | None, folder: Path) -> bool:
    """Make a task's `checkpoint/` afresh, with `saved` in it; whether that was undamaged.

    Nothing of a damaged one is left in the folder: without a state, a task begins at its beginning.

    Raises:
        UnavailableError: this machine's disk is full or failing.
    """
    checkpoint = folder / CHECKPOINT_NAME
    wipe(checkpoint)
    checkpoint.mkdir(_FOLDER_MODE, parents=True)
    if saved is None:
        return True
    try:
        source = os.open(saved.path, _READ_FLAGS)
    except OSError:
        return False
    path = checkpoint / STATE_NAME
    try:
        digest, _ = _copy(source, path, saved.size_bytes + 1, _FOR_THE_TASK)
    finally:
        os.close(source)
    if digest != saved.sha256:
        path.unlink()
    return digest == saved.sha256


def _keep(source: int, rule: CheckpointRule, to: Path) -> SavedState | None:
    draft = to.with_suffix(".new")
    try:
        before = os.fstat(source)
        if not is_plain(before) or not 0 < before.st_size <= rule.max_bytes:
            return None
        digest, size_bytes = _copy(source, draft, before.st_size + 1, _OURS_ALONE)
        after = os.fstat(source)
    finally:
        os.close(source)
    if (size_bytes, after.st_size, after.st_mtime_ns) != (
        before.st_size, before.st_size, before.st_mtime_ns,
    ):  # fmt: skip
        draft.unlink()
        return None
    _put_in_place(draft, to)
    return SavedState(to, digest, size_bytes)


def _copy(source: int, to: Path, most_bytes: int, mode: int) -> tuple[Sha256, int]:
    """Copy up to `most_bytes`, onto the disk; return their digest and how many they were."""
    digest, size_bytes = hashlib.sha256(), 0
    try:
        target = os.open(to, _WRITE_FLAGS, mode)
        with os.fdopen(target, "wb", buffering=0) as file:
            for block in _blocks(source, most_bytes):
                digest.update(block)
                size_bytes += file.write(block)
            os.fchmod(target, mode)  # whatever the umask
            os.fsync(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            to.unlink()
        raise _not_written(error) from error
    return digest.hexdigest(), size_bytes


def _blocks(source: int, most_bytes: int) -> Iterator[bytes]:
    left_bytes = most_bytes
    while left_bytes and (block := os.read(source, min(_BLOCK_BYTES, left_bytes))):
        left_bytes -= len(block)
        yield block


def _put_in_place(draft: Path, to: Path) -> None:
    try:
        draft.replace(to)
        folder = os.open(to.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)  # the new name too outlives a power failure
        finally:
            os.close(folder)
    except OSError as error:
        raise _not_written(error) from error


def _not_written(error: OSError) -> UnavailableError:
    return UnavailableError(
        f"A task's saved state could not be kept ({error.strerror}); free some disk space, and the "
        "next one is kept again.",
        f"无法保存任务的状态（{error.strerror}）；请释放一些磁盘空间，之后会重新保存。",
    )
