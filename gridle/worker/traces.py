"""What ended tasks left in the worker's home: found by rule, so that it can be proved that none is.

A task's folder, result and checkpoints belong to its lease; a sealed file among the blobs belongs
to the live tasks whose manifests name it. Public programs and inputs are a cache, not traces.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gridle.market.protocol.ids import LeaseId, Sha256
from gridle.market.protocol.manifest import Manifest
from gridle.market.protocol.messages import Lease
from gridle.market.protocol.sealed_stream import MARK
from gridle.worker.removal import remove_tree

BLOBS_NAME = "blobs"
LEASE_FOLDERS = ("tasks", "results", "checkpoints")
"""Folders of the home in which every name begins with the lease that it belongs to."""

_LEASE = re.compile(r"lease-[0-9a-f]{24}")
_SHA256_CHARS = 64
_PLAIN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True)
class Seen:
    """One thing in the home: a file, or a folder with all that is in it."""

    path: Path
    """Relative to the home."""
    files: int
    size_bytes: int
    is_sealed: bool = False
    """Whether it begins as sealed files do."""


@dataclass(frozen=True)
class Live:
    """What the ledger says is still needed."""

    leases: frozenset[LeaseId] = frozenset()
    """Tasks that this machine still does something for, or has a report to deliver of."""
    blobs: frozenset[Sha256] = frozenset()
    """What holds their data."""
    remembered: int = 0
    """Manifests and checkpoints in the ledger that belong to no live task."""


def data_blobs(lease: Lease, manifest: Manifest) -> frozenset[Sha256]:
    """Return the blobs that hold a task's data: its inputs, and the state that it goes on from."""
    checkpoint = () if lease.checkpoint is None else (lease.checkpoint.sha256,)
    return frozenset((*(file.sha256 for file in manifest.inputs), *checkpoint))


def find_traces(seen: Iterable[Seen], live: Live) -> tuple[Seen, ...]:
    """Return what belongs to no live task."""
    return tuple(each for each in seen if not _is_needed(each, live))


def look(home: Path) -> tuple[Seen, ...]:
    """List everything in the home that tasks can leave."""
    found = [_tree(path, home) for name in LEASE_FOLDERS for path in _children(home / name)]
    found += [_blob(path, home) for path in _children(home / BLOBS_NAME)]
    return tuple(each for each in found if each is not None)


def remove(home: Path, traces: Iterable[Seen]) -> None:
    """Remove traces.

    Raises:
        OSError: one of them could not be removed.
    """
    for trace in traces:
        remove_tree(home / trace.path)


def _is_needed(seen: Seen, live: Live) -> bool:
    folder, name = seen.path.parts[0], seen.path.parts[1]
    if folder == BLOBS_NAME:
        return not seen.is_sealed or name[:_SHA256_CHARS] in live.blobs
    lease = _LEASE.match(name)
    return lease is not None and lease[0] in live.leases


def _children(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(each.name for each in entries)
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        yield folder / name


def _tree(path: Path, home: Path) -> Seen | None:
    """Count what is in a folder; one that hides its content counts as one file."""
    files, size_bytes, folders = 0, 0, [path]
    try:
        if path.is_symlink() or not path.is_dir():
            return Seen(path.relative_to(home), 1, path.lstat().st_size)
    except FileNotFoundError:
        return None
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for each in entries:
                    if each.is_dir(follow_symlinks=False):
                        folders.append(Path(each.path))
                    else:
                        files += 1
                        size_bytes += each.stat(follow_symlinks=False).st_size
        except OSError:
            files += 1
    return Seen(path.relative_to(home), files, size_bytes)


def _blob(path: Path, home: Path) -> Seen | None:
    try:
        with os.fdopen(os.open(path, _PLAIN), "rb") as file:
            is_sealed = file.read(len(MARK)) == MARK
            size_bytes = os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        return None
    except OSError:
        return _tree(path, home)
    return Seen(path.relative_to(home), 1, size_bytes, is_sealed)
