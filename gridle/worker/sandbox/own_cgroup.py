"""Control groups of our own making, for processes that no container engine fences.

All of them stand below one that is idle as a whole (see `common_group`).
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from gridle.worker.sandbox.cgroup import Cgroup
from gridle.worker.sandbox.cgroup_place import PROC, ROOT, cgroup_of, unified_cgroup
from gridle.worker.sandbox.common_group import PLAIN_NAME
from gridle.worker.sandbox.quota import quota_of

WORKER_LEAF = "gridle-worker"
"""Where the worker's own processes go in version 2, where only leaves may hold processes."""
_MOVES = 3
"""A process that is started just while they are moved needs a second look."""


@dataclass(frozen=True)
class Kernel:
    """Where the kernel's files are; a test has its own."""

    root: Path = ROOT
    proc: Path = PROC


KERNEL = Kernel()


class OwnCgroup:
    """A group named `name`, below the common one below this process's; removed by `remove`."""

    def __init__(self, group: Cgroup, folder: Path) -> None:
        self.group = group
        self._folder = folder

    @classmethod
    def make(cls, name: str, kernel: Kernel = KERNEL) -> OwnCgroup | None:
        """Make a group that can hold a CPU quota; None where this process may not."""
        mine = cgroup_of(os.getpid(), kernel.root, kernel.proc)
        if mine is None or mine.cpu is None:
            return None
        try:
            above = _ready_to_hold(mine.cpu, kernel) if mine.unified else mine.cpu
            common = above / PLAIN_NAME
            common.mkdir(exist_ok=True)
            if mine.unified:
                _hand_down(common)
        except (OSError, ValueError):
            return None
        folder = common / name
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


def remove_leftovers(prefix: str, kernel: Kernel = KERNEL) -> None:
    """Remove the empty groups below this process's own that an earlier run left."""
    mine = cgroup_of(os.getpid(), kernel.root, kernel.proc)
    if mine is None or mine.cpu is None:
        return
    for folder in (_without_leaf(mine.cpu) / PLAIN_NAME).glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _ready_to_hold(mine: Path, kernel: Kernel) -> Path:
    """Return the version 2 group below which groups with a CPU quota can be made.

    A group with processes of its own may not hand controllers down ("no internal processes",
    Documentation/admin-guide/cgroup-v2.rst), so ours move into a leaf first. Where anybody else's
    process is in our group, it was not given to us alone, and is left as it is.

    Raises:
        OSError: the group was not delegated to us, or others are in it.
    """
    above = _without_leaf(mine)
    if above == mine and not _controls_cpu(above):
        leaf = above / WORKER_LEAF
        for _ in range(_MOVES):
            inside = _processes_in(above)
            if not inside <= _our_family(kernel.proc):
                raise PermissionError("others are in this group")
            if not inside:
                break
            leaf.mkdir(exist_ok=True)
            for pid in inside:
                with contextlib.suppress(ProcessLookupError):
                    (leaf / "cgroup.procs").write_text(str(pid))
    _hand_down(above)
    return above


def _hand_down(group: Path) -> None:
    if not _controls_cpu(group):
        (group / "cgroup.subtree_control").write_text("+cpu")
        with contextlib.suppress(OSError):  # not delegated; the disks' own scheduler decides
            (group / "cgroup.subtree_control").write_text("+io")


def _without_leaf(mine: Path) -> Path:
    return mine.parent if mine.name == WORKER_LEAF else mine


def _controls_cpu(group: Path) -> bool:
    return "cpu" in (group / "cgroup.subtree_control").read_text().split()


def _processes_in(group: Path) -> set[int]:
    return {int(line) for line in (group / "cgroup.procs").read_text().split()}


def _our_family(proc: Path) -> set[int]:
    """Return this process and all that descend from it."""
    family, unseen = set[int](), [os.getpid()]
    while unseen:
        pid = unseen.pop()
        family.add(pid)
        for children in (proc / str(pid) / "task").glob("*/children"):
            with contextlib.suppress(OSError):
                unseen += [int(child) for child in children.read_text().split()]
    return family
