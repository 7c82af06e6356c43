"""Removes empty control groups of containers whose monitor was killed before it could do so.

A container's monitor removes the container's groups when it ends. Where somebody kills both, the
engine later removes the container, but leaves one group in each of the kernel's hierarchies.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from gridle.worker.sandbox.cgroup_place import ROOT
from gridle.worker.sandbox.common_group import PLAIN_NAME, SLICE_NAME

STALE_S = 600.0
"""A container that is just being started has a group without a process for an instant only."""
_CONTAINER = re.compile(r"(libpod-|docker-)?[0-9a-f]{64}(\.scope)?")


def remove_stale_groups(now: float, root: Path = ROOT) -> int:
    """Remove the groups of containers below the common one that are old and empty; how many.

    The kernel refuses to remove a group that holds a process, frozen or not.
    """
    removed = 0
    for group in _groups(root):
        with contextlib.suppress(OSError):  # somebody else removed it, or it is in use
            if now - group.stat().st_mtime > STALE_S:
                for inner in [path for path in group.iterdir() if path.is_dir()]:
                    inner.rmdir()
                group.rmdir()
                removed += 1
    return removed


def _groups(root: Path) -> Iterator[Path]:
    for name in (PLAIN_NAME, SLICE_NAME):
        for parent in (root / name, *root.glob(f"*/{name}")):
            with contextlib.suppress(OSError):
                yield from [path for path in parent.iterdir() if _CONTAINER.fullmatch(path.name)]
