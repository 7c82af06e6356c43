"""One control group's files: quota, cores, freezer, CPU time and memory, in both kernel versions.

A controller that is absent is None; `cgroup_place` finds them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from gridle.worker.sandbox.common_group import common_group
from gridle.worker.sandbox.cores import cores_of, cores_text, usable_cores
from gridle.worker.sandbox.hurry import hurried
from gridle.worker.sandbox.quota import Quota
from gridle.worker.sandbox.thread_state import thread_state

LEAST_SHARES = 10
"""About 1 % of a normal program's 1024, as version 2's lowest weight; 2 starves to nothing."""
LEAST_IO_WEIGHT = 10
"""The least of version 1's 10 to 1000, of 100 by default; version 2 goes down to 1."""
_FREEZE_TIMEOUT_S = 2.0
_POLL_S = 0.0005


class FreezeTimeoutError(OSError):
    """The kernel did not stop every process of the group in time."""


@dataclass(frozen=True)
class Cgroup:
    """Where each controller of one group is found; `unified` marks version 2."""

    cpu: Path | None
    cpuacct: Path | None
    freezer: Path | None
    memory: Path | None
    unified: bool
    cpuset: Path | None = None
    io: Path | None = None

    def set_quota(self, quota: Quota | None) -> None:
        """Limit CPU time from now on; None lifts the limit.

        Raises:
            OSError: no CPU controller, or it does not take the quota.
        """
        if self.cpu is None:
            raise FileNotFoundError("no CPU controller")
        if self.unified:
            text = f"max {100_000}" if quota is None else f"{quota.quota_us} {quota.period_us}"
            (self.cpu / "cpu.max").write_text(text)
        elif quota is None:
            (self.cpu / "cpu.cfs_quota_us").write_text("-1")
        else:  # quota first: with the longer old period it is never more than asked
            (self.cpu / "cpu.cfs_quota_us").write_text(str(quota.quota_us))
            (self.cpu / "cpu.cfs_period_us").write_text(str(quota.period_us))

    def keep_to_cores(self, core_ids: tuple[int, ...]) -> None:
        """Let its processes run on these cores alone from now on; none named: on any.

        Raises:
            OSError: no cpuset controller, or it may not be written.
        """
        if self.cpuset is None:
            raise FileNotFoundError("no cpuset controller")
        above = "cpuset.cpus.effective" if self.unified else "cpuset.cpus"
        try:
            there = cores_of((self.cpuset.parent / above).read_text())
        except ValueError as error:
            raise OSError("unreadable cores") from error
        (self.cpuset / "cpuset.cpus").write_text(cores_text(usable_cores(core_ids, there)))

    def freeze(self) -> None:
        """Stop every process of the group; returns once the kernel says that it holds.

        Raises:
            OSError: no freezer, or it did not hold in time.
        """
        if self.freezer is None:
            raise FileNotFoundError("no freezer")
        if self.unified:
            (self.freezer / "cgroup.freeze").write_text("1")
        else:
            (self.freezer / "freezer.state").write_text("FROZEN")
        if self.is_frozen():
            return
        with hurried(self.cpu):
            deadline_s = time.monotonic() + _FREEZE_TIMEOUT_S
            while not self.is_frozen():
                if time.monotonic() > deadline_s:
                    raise FreezeTimeoutError("the freezer did not hold in time")
                time.sleep(_POLL_S)

    def thaw(self) -> None:
        """Let every process of the group go on.

        Raises:
            OSError: no freezer, or the group is gone.
        """
        if self.thawing is None:
            raise FileNotFoundError("no freezer")
        file, word = self.thawing
        file.write_text(word)

    @property
    def thawing(self) -> tuple[Path, str] | None:
        """The file that thaws it, and what to write there; None where there is no freezer."""
        if self.freezer is None:
            return None
        if self.unified:
            return self.freezer / "cgroup.freeze", "0"
        return self.freezer / "freezer.state", "THAWED"

    def yield_to_others(self) -> None:
        """Let everybody else's programs go first, on the CPU and at the disks; all tasks as one.

        An idle group (Linux 5.15) is preempted at once: beside a weight of 1 % it halves the
        owner's worst delay. Where there is none, that weight is the least that still advances.

        Raises:
            OSError: no CPU controller, or it may not be written.
        """
        self._yield_disks()
        if self.cpu is None:
            raise FileNotFoundError("no CPU controller")
        common = common_group(self.cpu)
        if common:
            with contextlib.suppress(OSError):  # not delegated; each of them does so alone then
                self._be_idle(common)
        self._be_idle(self.cpu)

    def _be_idle(self, folder: Path) -> None:
        if (folder / "cpu.idle").exists():
            (folder / "cpu.idle").write_text("1")
        elif self.unified:
            (folder / "cpu.weight").write_text("1")
        else:
            (folder / "cpu.shares").write_text(str(LEAST_SHARES))

    def _yield_disks(self) -> None:
        least = "1" if self.unified else str(LEAST_IO_WEIGHT)
        for name in ("io.weight", "io.bfq.weight", "blkio.weight", "blkio.bfq.weight"):
            if self.io is not None and (self.io / name).exists():
                with contextlib.suppress(OSError):  # not delegated; nothing else depends on it
                    (self.io / name).write_text(least)

    def end_all(self) -> None:
        """Kill every process in it, thawed or not.

        An engine asks the first process of gVisor to do that, which may answer nobody any more: a
        release of 2022 can lock itself up when it is frozen while many of its processes run.
        """
        for process_id in self.process_ids():
            with contextlib.suppress(OSError):  # it has ended, or is another user's
                os.kill(process_id, signal.SIGKILL)

    def let_die(self) -> None:
        """Lift every hold: even a killed process needs CPU time to end."""
        lifts = (self.thaw, lambda: self.set_quota(None), self._normal_weight)
        for lift in lifts:
            with contextlib.suppress(OSError):
                lift()

    def _normal_weight(self) -> None:
        if self.cpu is not None:
            if (self.cpu / "cpu.idle").exists():
                (self.cpu / "cpu.idle").write_text("0")
            name, weight = ("cpu.weight", "100") if self.unified else ("cpu.shares", "1024")
            (self.cpu / name).write_text(weight)

    def is_frozen(self) -> bool:
        """Whether the kernel says that every process of the group is stopped."""
        if self.freezer is None:
            return False
        if self.unified:
            return "frozen 1" in (self.freezer / "cgroup.events").read_text()
        return (self.freezer / "freezer.state").read_text().strip() == "FROZEN"

    def cpu_s(self) -> float | None:
        """Return the CPU seconds used so far; None where they cannot be read (any more)."""
        if self.cpuacct is None:
            return None
        try:
            if self.unified:
                first = (self.cpuacct / "cpu.stat").read_text().split("\n", 1)[0]
                return int(first.split()[1]) / 1e6
            return int((self.cpuacct / "cpuacct.usage").read_text()) / 1e9
        except (OSError, ValueError, IndexError):
            return None

    def wants_cpu(self) -> bool:
        """Whether a thread of the group is ready to run; False where that cannot be seen."""
        return any(thread_state(thread_id) == "R" for thread_id in self.thread_ids())

    def process_ids(self) -> list[int]:
        """Return all its processes; none where it is gone."""
        folder = self.freezer or self.cpuacct
        try:
            text = (folder / "cgroup.procs").read_text("ascii") if folder else ""
        except OSError:
            return []
        return [int(line) for line in text.split()]

    def thread_ids(self) -> list[int]:
        """Return the threads of all its processes; none where they cannot be seen."""
        folder, name = (self.cpuacct, "cgroup.threads") if self.unified else (self.freezer, "tasks")
        if folder is None:
            return []
        try:
            return [int(line) for line in (folder / name).read_text().split()]
        except (OSError, ValueError):
            return []

    def peak_memory_bytes(self) -> int | None:
        """Return the most memory held so far; None where it cannot be read (any more)."""
        if self.memory is None:
            return None
        names = (
            ("memory.peak", "memory.current") if self.unified else ("memory.max_usage_in_bytes",)
        )
        for name in names:
            with contextlib.suppress(OSError, ValueError):
                return int((self.memory / name).read_text())
        return None
