"""A task's `out/`: watched while it runs, then collected as one archive. All of it is hostile."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from gridle.market.protocol.archive import is_plain_name, pack
from gridle.market.protocol.errors import GridleError, InvalidInputError, UnavailableError
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.manifest import Resources
from gridle.market.protocol.sentence import Sentence
from gridle.worker.removal import remove_tree
from gridle.worker.sandbox import explanations

OUTPUT_NAME = "out"
INPUT_NAME = "in"
_ARCHIVE_NAME = "result.tar"
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class PackedOutput:
    """A result archive beside `out/`, by its digest."""

    path: Path
    sha256: Sha256
    size_bytes: int


def output_fault(folder: Path, resources: Resources, hidden_bytes: int = 0) -> Sentence | None:
    """Say what is wrong with the output so far: kinds, count or bytes; None where nothing is.

    Reads no file's content, so it is cheap enough to repeat while the task runs. `hidden_bytes`
    are those of files without a name.
    """
    try:
        return _fault(folder / OUTPUT_NAME, resources, hidden_bytes)
    except OSError:  # it is the task's own under some engines, which may close it to us
        return explanations.output_kind(OUTPUT_NAME)


def _fault(out: Path, resources: Resources, hidden_bytes: int) -> Sentence | None:
    total_bytes = hidden_bytes
    with os.scandir(out) as entries:
        for count, entry in enumerate(entries, start=1):
            if count > resources.output_max_files:
                return explanations.output_files(resources.output_max_files)
            try:
                state = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # the task removed it meanwhile
            if not _is_plain(state):
                return explanations.output_kind(entry.name)
            total_bytes += max(state.st_size, state.st_blocks * 512)
            if state.st_size > resources.output_max_bytes:
                return explanations.output_bytes(resources.output_max_bytes)
    slack_bytes = resources.output_max_files * 4096  # files occupy whole blocks
    if total_bytes > resources.output_max_bytes + slack_bytes:
        return explanations.output_bytes(resources.output_max_bytes)
    return None


def ended_at_limit(folder: Path, resources: Resources) -> Sentence | None:
    """Say so if a task that failed had filled its output: the kernel let it write no further."""
    try:
        with os.scandir(folder / OUTPUT_NAME) as entries:
            sizes = [entry.stat(follow_symlinks=False).st_size for entry in entries]
    except OSError:
        return explanations.output_kind(OUTPUT_NAME)
    if max(sizes, default=0) < resources.output_max_bytes:
        return None
    return explanations.output_bytes(resources.output_max_bytes)


def collect_output(folder: Path, resources: Resources) -> PackedOutput:
    """Pack the output of an ended task into one file beside `out/`.

    Raises:
        InvalidInputError: something in it is not a plain file with a plain name, or it is more
            than the manifest allows.
        UnavailableError: this machine's disk is full.
    """
    fault = output_fault(folder, resources)
    if fault is not None:
        raise InvalidInputError(fault.en, fault.zh)
    files: dict[str, bytes] = {}
    left_bytes = resources.output_max_bytes
    names = sorted(os.listdir(folder / OUTPUT_NAME))  # noqa: PTH208 - names are wanted, not paths
    if len(names) > resources.output_max_files:
        raise _refused(explanations.output_files(resources.output_max_files))
    for name in names:
        if not is_plain_name(name) or name.lower() in map(str.lower, files):
            raise _refused(explanations.output_kind(name))
        files[name] = _read_plain(folder / OUTPUT_NAME / name, left_bytes, resources)
        left_bytes -= len(files[name])
    archive = pack(files)
    path = folder / _ARCHIVE_NAME
    draft = path.with_suffix(".new")
    try:
        draft.write_bytes(archive)
        draft.replace(path)
    except OSError as error:
        sentence = explanations.DISK_FULL
        raise UnavailableError(sentence.en, sentence.zh) from error
    return PackedOutput(path, hashlib.sha256(archive).hexdigest(), len(archive))


def wipe(folder: Path) -> None:
    """Remove a task's folder with everything in it; no link is followed out of it.

    Raises:
        UnavailableError: something of it could not be removed.
    """
    try:
        remove_tree(folder)
    except OSError as error:
        raise UnavailableError(
            f"The folder {folder} of an ended task could not be removed; please remove it.",
            f"无法删除已结束任务的文件夹 {folder}；请手动删除。",
        ) from error


def _is_plain(state: os.stat_result) -> bool:
    """Whether it is a regular file with one name: a second one could lie outside."""
    return stat.S_ISREG(state.st_mode) and state.st_nlink <= 1


def _read_plain(path: Path, left_bytes: int, resources: Resources) -> bytes:
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
    except OSError as error:
        raise _refused(explanations.output_kind(path.name)) from error
    if not _is_plain(os.fstat(descriptor)):
        os.close(descriptor)
        raise _refused(explanations.output_kind(path.name))
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(left_bytes + 1)
    if len(data) > left_bytes:
        raise _refused(explanations.output_bytes(resources.output_max_bytes))
    return data


def _refused(sentence: Sentence) -> GridleError:
    return InvalidInputError(sentence.en, sentence.zh)
