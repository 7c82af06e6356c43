"""Chooses the fence of host processes for this operating system."""

from __future__ import annotations

import sys

from gridle.worker.sandbox.background import take_background_qos, use_disks_last
from gridle.worker.sandbox.host_fence import FenceMaker, Host, HostFence
from gridle.worker.sandbox.own_cgroup import OwnCgroup
from gridle.worker.sandbox.posix_fence import PosixFence


def fence_maker(group_name: str | None) -> FenceMaker:
    """Return what fences one host; `group_name` is of its own control group, None: without one."""

    def make(host: Host) -> HostFence:
        if sys.platform == "win32":
            # ctypes' Windows side and the job's structures, which others need not hold in memory
            from gridle.worker.sandbox.windows_job import WindowsJob, load_kernel  # noqa: PLC0415

            return WindowsJob(host, load_kernel())
        if sys.platform == "darwin":
            take_background_qos(host.pid)
            return PosixFence(host, None)
        use_disks_last(host.pid)
        return PosixFence(host, OwnCgroup.make(group_name) if group_name else None)

    return make
