"""A container's first process, held so that a signal can reach no other.

A signal for which a task has no handler must not end it. The kernel sees to that for the first
process of a PID namespace: pid_namespaces(7). gVisor does not (a release of 2022 ended the task),
nor can it be seen from outside which signals its tasks listen to; so there, and wherever the
process cannot be seen, none is sent.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading

from gridle.worker.sandbox.container_begin import has_begun


class FirstProcess:
    """Held by a descriptor (pidfd_open(2)) until `release`: its number may pass to another one."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        with contextlib.suppress(OSError, AttributeError):  # gone, or no such call on this system
            self._descriptor = os.pidfd_open(pid)

    def tell(self, number: signal.Signals) -> None:
        """Signal it if it is the task's own program, under the kernel itself."""
        with self._lock:  # a descriptor's number may pass to another one too
            if self._descriptor is not None and has_begun(self._pid) is True:
                with contextlib.suppress(OSError):  # it has ended, or is another user's
                    signal.pidfd_send_signal(self._descriptor, number)

    def release(self) -> None:
        """Let go of it."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
