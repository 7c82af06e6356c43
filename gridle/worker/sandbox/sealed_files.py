"""Sealed files at the edge of a sandbox: opened into the task's folder, sealed on the way out.

Plain text lies in the task's own folder alone, and goes with it when the task ends.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.market.protocol.ids import PublicKey, Sha256
from gridle.market.protocol.manifest import CheckpointRule, Manifest
from gridle.market.protocol.sealed_stream import sealed_size
from gridle.market.protocol.sealing import (
    TaskKeys,
    open_input,
    sealed_box,
)
from gridle.market.protocol.sealing import open_state as open_sealed_state
from gridle.market.protocol.sealing import seal_result as seal_plain_result
from gridle.market.protocol.sealing import seal_state as seal_plain_state
from gridle.worker.sandbox import explanations
from gridle.worker.sandbox.output import INPUT_NAME, PackedOutput

_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READABLE_BY_TASKS = 0o644
_OWNER_ONLY = 0o600

Change = Callable[[BinaryIO, BinaryIO], None]


@dataclass(frozen=True)
class SealedFile:
    """A file that may leave this machine, by its digest."""

    path: Path
    sha256: Sha256
    size_bytes: int


def open_inputs(
    manifest: Manifest, keys: TaskKeys, blob: Callable[[Sha256], Path], folder: Path
) -> None:
    """Open each input of a sealed job into `folder`'s `in/`, which is there and empty.

    Args:
        manifest: the job's.
        keys: the task's.
        blob: gives the local copy of a sealed file, its digest checked.
        folder: the task's own.

    Raises:
        InvalidInputError: an input does not open with these keys, or no result can be sealed.
        UnavailableError: this machine's disk is full, or `blob` has none.
    """
    sealed_box(b"", _result_key(manifest))  # what could never be delivered is not computed
    for each in manifest.inputs:
        _changed(
            blob(each.sha256),
            folder / INPUT_NAME / each.name,
            _READABLE_BY_TASKS,
            partial(open_input, keys=keys, name=each.name),
        )


def seal_result(packed: PackedOutput, manifest: Manifest, keys: TaskKeys) -> PackedOutput:
    """Seal a result archive for its requestor, beside it; the plain one is removed in any case.

    Raises:
        InvalidInputError: the manifest's key for results is not usable.
        UnavailableError: this machine's disk is full.
    """
    key = _result_key(manifest)
    target = packed.path.with_name(packed.path.name + ".sealed")
    target.unlink(missing_ok=True)
    try:
        sealed = _changed(
            packed.path,
            target,
            _OWNER_ONLY,
            partial(seal_plain_result, keys=keys, result_key=key),
        )
    finally:
        packed.path.unlink(missing_ok=True)
    return PackedOutput(sealed.path, sealed.sha256, sealed.size_bytes)


def seal_state(state: Path, target: Path, rule: CheckpointRule, keys: TaskKeys) -> SealedFile:
    """Seal a task's saved state into a new file `target`; `state` stays, it is the task's.

    Raises:
        InvalidInputError: it is no plain file, or larger than the manifest allows.
        UnavailableError: this machine's disk is full.
    """
    return _changed(
        state,
        target,
        _OWNER_ONLY,
        partial(seal_plain_state, keys=keys, format_version=rule.format_version),
        max_bytes=rule.max_bytes,
    )


def open_state(sealed: Path, state: Path, rule: CheckpointRule, keys: TaskKeys) -> None:
    """Open a saved state into a new file `state` in the folder of a task that does not run yet.

    Raises:
        InvalidInputError: it does not open with these keys, is of another version of the task's
            format, or larger than the manifest allows.
        UnavailableError: this machine's disk is full.
    """
    _changed(
        sealed,
        state,
        _READABLE_BY_TASKS,
        partial(open_sealed_state, keys=keys, format_version=rule.format_version),
        max_bytes=sealed_size(rule.max_bytes),
    )


def _changed(
    source: Path, target: Path, mode: int, change: Change, max_bytes: int | None = None
) -> SealedFile:
    """Write what `change` makes of `source` into a new file, whole or not at all."""
    try:
        with _plain(source, max_bytes) as reader:
            descriptor = os.open(target, _WRITE_FLAGS, mode)
            with os.fdopen(descriptor, "w+b") as writer, _removed_on_failure(target):
                change(reader, writer)
                size_bytes = writer.tell()
                writer.flush()
                if mode == _OWNER_ONLY:  # what is to outlive a power failure
                    os.fsync(writer.fileno())
                writer.seek(0)
                sha256 = hashlib.file_digest(writer, "sha256").hexdigest()
    except OSError as error:
        raise _unusable(error) from error
    return SealedFile(target, sha256, size_bytes)


@contextmanager
def _removed_on_failure(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _plain(path: Path, max_bytes: int | None) -> BinaryIO:
    """Open a file that a task may have made: no link, no pipe, no second name."""
    try:
        file = os.fdopen(os.open(path, _READ_FLAGS), "rb")
    except OSError as error:
        raise (_no_plain_file() if error.errno == errno.ELOOP else error) from error
    found = os.fstat(file.fileno())
    fault: InvalidInputError | None = None
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        fault = _no_plain_file()
    elif max_bytes is not None and found.st_size > max_bytes:
        fault = _too_large(max_bytes)
    if fault is not None:
        file.close()
        raise fault
    return file


def _result_key(manifest: Manifest) -> PublicKey:
    if manifest.result_key is None:
        raise ValueError(manifest.name)
    return manifest.result_key


def _unusable(error: OSError) -> UnavailableError:
    if error.errno == errno.ENOSPC:
        return UnavailableError(explanations.DISK_FULL.en, explanations.DISK_FULL.zh)
    return UnavailableError(
        f"A file of a sealed task cannot be used ({error.strerror or error}); it is tried again. "
        "Check this machine's disk.",
        f"无法使用密封任务的文件（{error.strerror or error}）；将会重试。请检查本机磁盘。",
    )


def _no_plain_file() -> InvalidInputError:
    return InvalidInputError(
        "A task's saved state is not a plain file; it was not taken.",
        "任务保存的状态不是普通文件；未予接收。",
    )


def _too_large(max_bytes: int) -> InvalidInputError:
    return InvalidInputError(
        f"A task's saved state is larger than {max_bytes} bytes; it was not taken.",
        f"任务保存的状态超过 {max_bytes} 字节；未予接收。",
    )
