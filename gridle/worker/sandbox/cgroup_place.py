"""Where a process's control group lies, in both kernel versions.

Version 1 has one tree per controller (Documentation/admin-guide/cgroup-v1), version 2 a single
one (Documentation/admin-guide/cgroup-v2.rst).
"""

from __future__ import annotations

from pathlib import Path

from gridle.worker.sandbox.cgroup import Cgroup

ROOT = Path("/sys/fs/cgroup")
PROC = Path("/proc")


def cgroup_of(pid: int, root: Path = ROOT, proc: Path = PROC) -> Cgroup | None:
    """Find the group that a process is in; None where that cannot be seen."""
    try:
        lines = (proc / str(pid) / "cgroup").read_text().splitlines()
    except OSError:
        return None
    trees = dict[str, Path]()
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            joined = root / controllers  # where there are no links by each one's own name
            base = joined if joined.is_dir() else root / controller
            trees[controller] = base / path.lstrip("/")
    if "cpu" in trees or "freezer" in trees:
        return Cgroup(
            cpu=_having(trees.get("cpu"), "cpu.cfs_quota_us"),
            cpuacct=_having(trees.get("cpuacct"), "cpuacct.usage"),
            freezer=_having(trees.get("freezer"), "freezer.state"),
            memory=_having(trees.get("memory"), "memory.usage_in_bytes"),
            unified=False,
            cpuset=_having(trees.get("cpuset"), "cpuset.cpus"),
            io=trees.get("blkio"),
        )
    group = trees.get("")
    return unified_cgroup(group) if group is not None and group.is_dir() else None


def unified_cgroup(group: Path) -> Cgroup:
    """Describe a version 2 group by the files that it has."""
    return Cgroup(
        cpu=_having(group, "cpu.max"),
        cpuacct=_having(group, "cpu.stat"),
        freezer=_having(group, "cgroup.freeze"),
        memory=_having(group, "memory.current"),
        unified=True,
        cpuset=_having(group, "cpuset.cpus"),
        io=group,
    )


def _having(group: Path | None, name: str) -> Path | None:
    return group if group is not None and (group / name).exists() else None
