"""The fence of a host on Linux and macOS: its own control group's quota, else a duty cycle.

The quota has been run on Linux with control groups of version 1, the duty cycle on Linux; macOS
was not run yet.
"""

from __future__ import annotations

import contextlib
import os
import signal

from gridle.worker.sandbox.cores import keep_to_cores
from gridle.worker.sandbox.duty_cycle import Throttle
from gridle.worker.sandbox.host_fence import Host
from gridle.worker.sandbox.hurry import hurried
from gridle.worker.sandbox.own_cgroup import OwnCgroup
from gridle.worker.sandbox.port import Share
from gridle.worker.sandbox.quota import quota_of

_WHOLE_CORE_PERCENT = 100.0


class PosixFence:
    """Holds one host; whatever its `group` cannot do, the duty cycle does."""

    def __init__(self, host: Host, group: OwnCgroup | None) -> None:
        self._host = host
        self._group = group
        self._throttle: Throttle | None = None
        self._core_ids: tuple[int, ...] | None = None
        self._frozen = False
        if group:
            try:
                group.add(host.pid)
            except OSError:
                group.remove()
                self._group = None

    def throttle(self, share: Share) -> None:
        """Hold CPU use to `share`."""
        if share.core_ids != self._core_ids:
            keep_to_cores(self._host.pid, share.core_ids)
            self._core_ids = share.core_ids
        if self._throttle is None and not self._hold_by_quota(share.cpu_percent):
            host = self._host
            self._throttle = Throttle(
                host.name, self._halt, self._go, host.cpu_s, held=self._frozen
            )
        if self._throttle:
            self._throttle.set_share(share.cpu_percent / _WHOLE_CORE_PERCENT)

    def freeze(self) -> None:
        """Stop all use of CPU: returns once the kernel reports every thread stopped."""
        self._frozen = True
        if self._throttle:
            self._throttle.hold()
        else:
            self._halt()
        cpu_folder = self._group.group.cpu if self._group else None
        with hurried(cpu_folder), contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, self._host.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def thaw(self) -> None:
        """Let it go on."""
        self._frozen = False
        if self._throttle:
            self._throttle.release()
        else:
            self._go()

    def let_die(self) -> None:
        """Start no turn any more, and lift the quota."""
        if self._throttle:
            self._throttle.close()
        if self._group:
            self._group.group.let_die()

    def release(self) -> None:
        """Give back the control group."""
        if self._group:
            self._group.remove()

    def _hold_by_quota(self, cpu_percent: float) -> bool:
        if self._group is None:
            return False
        quota = None if cpu_percent >= _WHOLE_CORE_PERCENT else quota_of(cpu_percent)
        try:
            self._group.group.set_quota(quota)
        except FileNotFoundError:
            return True  # it ended, and the group with it
        except OSError:
            return False
        return True

    def _halt(self) -> None:
        self._host.send(signal.SIGSTOP)

    def _go(self) -> None:
        self._host.send(signal.SIGCONT)
