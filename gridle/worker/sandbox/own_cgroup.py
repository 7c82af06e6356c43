"""Control groups of our own making, for processes that no container engine fences."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from gridle.worker.sandbox.cgroup import Cgroup, cgroup_of, unified_cgroup
from gridle.worker.sandbox.quota import quota_of


class OwnCgroup:
    """A group named `name` below this process's own; made now, removed by `remove`."""

    def __init__(self, group: Cgroup, folder: Path) -> None:
        self.group = group
        self._folder = folder

    @classmethod
    def make(cls, name: str) -> OwnCgroup | None:
        """Make a group that can hold a CPU quota; None where this process may not."""
        mine = cgroup_of(os.getpid())
        if mine is None or mine.cpu is None:
            return None
        folder = mine.cpu / name
        try:
            folder.mkdir(exist_ok=True)
            group = (
                unified_cgroup(folder)
                if mine.unified
                else Cgroup(folder, None, None, None, unified=False)
            )
            group.set_quota(quota_of(100.0))
            group.yield_to_others()
        except OSError:
            with contextlib.suppress(OSError):
                folder.rmdir()
            return None
        return cls(group, folder)

    def add(self, pid: int) -> None:
        """Move a process with all its threads into the group.

        Raises:
            OSError: the process is gone, or this process may not.
        """
        (self._folder / "cgroup.procs").write_text(str(pid))

    def remove(self) -> None:
        """Remove the group; its processes have ended."""
        with contextlib.suppress(OSError):
            self._folder.rmdir()


def remove_leftovers(prefix: str) -> None:
    """Remove the empty groups below this process's own that an earlier run left."""
    mine = cgroup_of(os.getpid())
    if mine is None or mine.cpu is None:
        return
    for folder in mine.cpu.glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            folder.rmdir()
