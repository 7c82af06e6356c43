"""The fence of a host on Windows: a Job Object with a hard CPU limit. Not yet run there.

After Microsoft's documentation of Job Objects, SetInformationJobObject,
JOBOBJECT_CPU_RATE_CONTROL_INFORMATION and JOBOBJECT_EXTENDED_LIMIT_INFORMATION.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from typing import Any

import psutil

from gridle.worker.sandbox.cores import keep_to_cores
from gridle.worker.sandbox.host_fence import Host
from gridle.worker.sandbox.port import Share

_EXTENDED_LIMIT_CLASS = 9
_CPU_RATE_CLASS = 15
_UI_CLASS = 4
_KILL_ON_JOB_CLOSE = 0x2000
_DIE_ON_EXCEPTION = 0x400
_LIMIT_PROCESSES = 0x8
_EVERY_UI_LIMIT = 0xFF
"""No desktop, clipboard, global atoms, system settings or handles of other programs' windows."""
_LIMIT_PRIORITY_CLASS = 0x20
_IDLE_PRIORITY_CLASS = 0x40
_RATE_ENABLE = 0x1
_RATE_HARD_CAP = 0x4
_WHOLE_MACHINE_RATE = 10_000
_SET_QUOTA_AND_TERMINATE = 0x0101
"""The rights that AssignProcessToJobObject asks of a process handle."""


class CpuRate(ctypes.Structure):
    """JOBOBJECT_CPU_RATE_CONTROL_INFORMATION with the union's CpuRate."""

    _fields_ = (("control_flags", ctypes.c_uint32), ("cpu_rate", ctypes.c_uint32))


class _BasicLimit(ctypes.Structure):
    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("limit_flags", ctypes.c_uint32),
        ("least_working_set", ctypes.c_size_t),
        ("most_working_set", ctypes.c_size_t),
        ("active_processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority_class", ctypes.c_uint32),
        ("scheduling_class", ctypes.c_uint32),
    )


class ExtendedLimit(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        ("basic", _BasicLimit),
        ("io_counters", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


def cpu_rate(cpu_percent: float, machine_cores: int) -> CpuRate:
    """Return a hard cap: in hundredths of a percent of all cores together, at least one."""
    rate = round(cpu_percent / 100 / machine_cores * _WHOLE_MACHINE_RATE)
    rate = max(1, min(_WHOLE_MACHINE_RATE, rate))
    return CpuRate(_RATE_ENABLE | _RATE_HARD_CAP, rate)


def background_limit() -> ExtendedLimit:
    """Return the limits that end a host with this program, and let everybody else go first.

    The host can start no other process, and a crash of it shows no window.
    """
    flags = _KILL_ON_JOB_CLOSE | _DIE_ON_EXCEPTION | _LIMIT_PRIORITY_CLASS | _LIMIT_PROCESSES
    basic = _BasicLimit(limit_flags=flags, active_processes=1, priority_class=_IDLE_PRIORITY_CLASS)
    return ExtendedLimit(basic=basic)


class WindowsJob:
    """Holds one host in a job of its own; closing the job ends the host."""

    def __init__(self, host: Host, kernel: Any) -> None:  # noqa: ANN401 - kernel32, or a test's
        self._host = host
        self._kernel = kernel
        self._job = kernel.CreateJobObjectW(None, None)
        try:
            self._set(_EXTENDED_LIMIT_CLASS, background_limit())
            self._set(_UI_CLASS, ctypes.c_uint32(_EVERY_UI_LIMIT))
            process = kernel.OpenProcess(_SET_QUOTA_AND_TERMINATE, 0, host.pid)
            taken = kernel.AssignProcessToJobObject(self._job, process)
            kernel.CloseHandle(process)
            _check(taken)
        except OSError:
            self.release()
            raise

    def throttle(self, share: Share) -> None:
        """Hold CPU use to `share`.

        Raises:
            OSError: Windows refused.
        """
        self._set(_CPU_RATE_CLASS, cpu_rate(share.cpu_percent, os.cpu_count() or 1))
        keep_to_cores(self._host.pid, share.core_ids)

    def freeze(self) -> None:
        """Stop every thread; NtSuspendProcess returns when they are."""
        with contextlib.suppress(psutil.Error):
            psutil.Process(self._host.pid).suspend()

    def thaw(self) -> None:
        """Let every thread go on."""
        with contextlib.suppress(psutil.Error):
            psutil.Process(self._host.pid).resume()

    def let_die(self) -> None:
        """End whatever is left in the job: a throttled process ends at once all the same."""
        self._kernel.TerminateJobObject(self._job, 1)

    def release(self) -> None:
        """Close the job."""
        self._kernel.CloseHandle(self._job)

    def _set(self, which: int, what: CpuRate | ExtendedLimit | ctypes.c_uint32) -> None:
        size = ctypes.sizeof(what)
        _check(self._kernel.SetInformationJobObject(self._job, which, ctypes.byref(what), size))


def load_kernel() -> Any:  # noqa: ANN401 - a foreign library has no type
    """Return kernel32 with the types of what is called; handles are wider than C's int.

    Raises:
        OSError: this is not Windows.
    """
    if not hasattr(ctypes, "WinDLL"):
        raise OSError("not Windows")
    kernel: Any = ctypes.WinDLL("kernel32", use_last_error=True)
    handle, word = ctypes.c_void_p, ctypes.c_uint32
    kernel.CreateJobObjectW.restype = kernel.OpenProcess.restype = handle
    kernel.CreateJobObjectW.argtypes = (ctypes.c_void_p, ctypes.c_wchar_p)
    kernel.OpenProcess.argtypes = (word, ctypes.c_int, word)
    kernel.SetInformationJobObject.argtypes = (handle, ctypes.c_int, ctypes.c_void_p, word)
    kernel.AssignProcessToJobObject.argtypes = (handle, handle)
    kernel.TerminateJobObject.argtypes = (handle, word)
    kernel.CloseHandle.argtypes = (handle,)
    return kernel


def _check(done: int) -> None:
    if not done:
        raise OSError("a Job Object call was refused")
