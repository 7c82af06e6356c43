"""Fences this process, from its first moment on and once more before the guest's code runs.

Each layer holds without the others: limits of resources, no privileges, then what this system can
do about files and system calls. A layer that the system lacks is left out (the worker says so, see
wasm_confinement); one that it has and refuses ends the process.
"""

from __future__ import annotations

import ctypes
import os
import sys

from gridle.worker.sandbox.host import landlock, seccomp

_SET_PDEATHSIG, _CAPBSET_DROP, _SET_NO_NEW_PRIVS, _CAP_AMBIENT = 1, 24, 38, 47
_CAP_AMBIENT_CLEAR_ALL = 4
_KILL = 9
_CAPABILITY_VERSION_3 = 0x20080522
_MOST_CAPABILITIES = 64
_OPEN_FILES = 64
_HOST_BYTES = 2**29
"""What this program itself may hold beside the guest's memory: code, compiler, stacks."""


def begin(worker_pid: int) -> None:
    """End with the worker from now on, and gain no privilege any more.

    Raises:
        SystemExit: the worker is gone already.
    """
    if sys.platform == "linux":
        libc = _libc()
        libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_SET_PDEATHSIG, _KILL, 0, 0, 0)
    if os.getppid() != worker_pid:  # it died before the signal was asked for
        raise SystemExit(1)


def limit(memory_bytes: int, file_bytes: int) -> None:
    """Limit what this process can use. Of SIGXFSZ, Python ignores the signal itself."""
    ceiling = memory_bytes + _HOST_BYTES
    if sys.platform == "win32":
        return  # the worker's Job Object holds it, see windows_job
    import resource  # noqa: PLC0415 - Windows has none

    for which, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_DATA, ceiling),
    ):
        resource.setrlimit(which, (most, most))


def keep_to(read: tuple[str, ...], write: tuple[str, ...]) -> None:
    """Let this thread, and those that it starts, reach files in these folders alone.

    Raises:
        OSError: it was refused.
    """
    if sys.platform == "linux":
        libc = _libc()
        _drop_capabilities(libc)
        reads = dict.fromkeys(read, landlock.READS)
        landlock.restrict(libc, {**reads, **dict.fromkeys(write, landlock.WRITES)})
    elif sys.platform == "darwin":
        from gridle.worker.sandbox.host import seatbelt  # noqa: PLC0415 - for this system alone

        seatbelt.apply(seatbelt.profile(read, write))
    elif sys.platform == "win32":
        from gridle.worker.sandbox.host import low_token  # noqa: PLC0415 - for this system alone

        low_token.take(low_token.load(), write)


def only_compute(*, opens_files: bool, new_code: bool) -> None:
    """Leave this process the system calls that it computes with; it has all its threads.

    Raises:
        OSError: it was refused.
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - Windows has none

    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    machine = os.uname().machine
    if sys.platform == "linux" and machine in seccomp.MACHINES:
        names = seccomp.WITH_FILES if opens_files else seccomp.COMPUTE
        seccomp.install(_libc(), machine, seccomp.build(machine, names, new_code=new_code))


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """Root without capabilities owns its files still, and can do nothing else."""
    try:  # noqa: SIM105 - contextlib takes a millisecond to import
        os.setgroups([])
    except OSError:
        pass  # only root may, and not in every user namespace
    libc.prctl(_CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for capability in range(_MOST_CAPABILITIES):
        if libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0):
            break  # there are no more, or they may not be dropped
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    libc.capset(header, (ctypes.c_uint32 * 6)())


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
