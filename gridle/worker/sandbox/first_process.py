"""A container's first process, held so that a signal can reach no other."""

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

    def tell(self, number: signal.Signals) -> bool:
        """Signal it; whether that was done. gVisor's is the runtime's own, and is left alone.

        The kernel keeps from the first process of a container what it does not listen to, so that
        a task without a handler goes on: pid_namespaces(7).
        """
        with self._lock:  # a descriptor's number may pass to another one too
            if self._descriptor is None or has_begun(self._pid) is not True:
                return False
            try:
                signal.pidfd_send_signal(self._descriptor, number)
            except ProcessLookupError:
                return True  # it has ended
            except OSError:
                return False
            return True

    def release(self) -> None:
        """Let go of it."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
