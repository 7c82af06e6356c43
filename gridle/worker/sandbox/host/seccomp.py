"""A seccomp filter that leaves a task's process the few system calls that it computes with.

After seccomp(2), the kernel's Documentation/userspace-api/seccomp_filter.rst and its tables of
system calls. There is no way to a socket, another program, process or thread, another process's
memory, a mount, the kernel's keys, and so on: whatever is not named here is refused (EPERM), and
calls by another architecture's numbers end the process.
"""

from __future__ import annotations

import ctypes
import errno
import struct

_NAMES = (
    # memory and the one thread
    "futex mmap munmap mprotect mremap madvise brk rseq restart_syscall membarrier "
    "rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack exit exit_group "
    # time and randomness of the host's own
    "clock_gettime clock_nanosleep nanosleep getrandom gettimeofday sched_yield "
    # what is open
    "read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 "
    "lseek close fstat fsync fdatasync"
)
_FILE_NAMES = "openat newfstatat getdents64 ftruncate unlink unlinkat rename renameat renameat2"
COMPUTE = tuple(_NAMES.split())
"""For work on what is open already."""
WITH_FILES = (*COMPUTE, *_FILE_NAMES.split())
"""For a guest that opens files; which ones is Landlock's to say."""

_X86_64 = (
    "read=0 write=1 close=3 fstat=5 lseek=8 mmap=9 mprotect=10 munmap=11 brk=12 rt_sigaction=13 "
    "rt_sigprocmask=14 rt_sigreturn=15 pread64=17 pwrite64=18 readv=19 writev=20 sched_yield=24 "
    "mremap=25 madvise=28 nanosleep=35 exit=60 fsync=74 fdatasync=75 ftruncate=77 rename=82 "
    "unlink=87 gettimeofday=96 sigaltstack=131 futex=202 getdents64=217 restart_syscall=219 "
    "clock_gettime=228 clock_nanosleep=230 exit_group=231 openat=257 newfstatat=262 "
    "unlinkat=263 renameat=264 preadv=295 pwritev=296 renameat2=316 getrandom=318 "
    "membarrier=324 preadv2=327 pwritev2=328 rseq=334"
)
_AARCH64 = (
    "unlinkat=35 renameat=38 ftruncate=46 openat=56 close=57 getdents64=61 lseek=62 read=63 "
    "write=64 readv=65 writev=66 pread64=67 pwrite64=68 preadv=69 pwritev=70 newfstatat=79 "
    "fstat=80 fsync=82 fdatasync=83 exit=93 exit_group=94 futex=98 nanosleep=101 "
    "clock_gettime=113 clock_nanosleep=115 sched_yield=124 restart_syscall=128 sigaltstack=132 "
    "rt_sigaction=134 rt_sigprocmask=135 rt_sigreturn=139 gettimeofday=169 brk=214 munmap=215 "
    "mremap=216 mmap=222 mprotect=226 madvise=233 renameat2=276 getrandom=278 membarrier=283 "
    "preadv2=286 pwritev2=287 rseq=293"
)


def _numbers(text: str) -> dict[str, int]:
    return {name: int(number) for name, _, number in (each.partition("=") for each in text.split())}


MACHINES = {
    "x86_64": (0xC000003E, 317, _numbers(_X86_64)),
    "aarch64": (0xC00000B7, 277, _numbers(_AARCH64)),
}
"""By machine: its AUDIT_ARCH, the number of seccomp(2), and those of the calls that are left."""

ALLOW, REFUSE, END = 0x7FFF0000, 0x00050000 | 1, 0x80000000
"""What a filter answers: let it pass, fail with EPERM, kill the process."""
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _THIRD_ARGUMENT_AT = 0, 4, 32
_X32_NUMBERS = 0x40000000
_MAKES_MEMORY = ("mmap", "mprotect")
_EXECUTABLE = 0x4
_OP_BYTES = 8
_MODE_FILTER, _ALL_THREADS = 1, 1


def build(machine: str, names: tuple[str, ...], *, new_code: bool) -> bytes:
    """Return a filter as classic BPF that leaves the calls in `names`.

    Args:
        machine: as uname(2) says it.
        names: those that a machine does not have are passed over.
        new_code: whether memory may be made executable.

    Raises:
        KeyError: no filter is known for this machine.
    """
    architecture, _, numbers = MACHINES[machine]
    plain = [numbers[name] for name in names if name in numbers]
    memory: list[int] = []
    if not new_code:
        memory = [numbers[name] for name in _MAKES_MEMORY if name in names]
        plain = [number for number in plain if number not in memory]
    program = [
        _op(_LOAD, _ARCHITECTURE_AT),
        _op(_EQUAL, architecture, 1, 0),
        _op(_RETURN, END),
        _op(_LOAD, _NUMBER_AT),
        _op(_AT_LEAST, _X32_NUMBERS, 0, 1),
        _op(_RETURN, END),
    ]
    for number in plain:
        program += [_op(_EQUAL, number, 0, 1), _op(_RETURN, ALLOW)]
    for number in memory:
        program += [
            _op(_EQUAL, number, 0, 4),
            _op(_LOAD, _THIRD_ARGUMENT_AT),
            _op(_ANY_BIT, _EXECUTABLE, 0, 1),
            _op(_RETURN, REFUSE),
            _op(_RETURN, ALLOW),
        ]
    return b"".join([*program, _op(_RETURN, REFUSE)])


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install(libc: ctypes.CDLL, machine: str, program: bytes) -> bool:
    """Put the filter on every thread of this process, for ever; needs no-new-privs.

    Returns:
        Whether it holds; False where this kernel has none.

    Raises:
        OSError: it was refused.
    """
    asked = _Program(len(program) // _OP_BYTES, program)
    number = MACHINES[machine][1]
    if not libc.syscall(number, _MODE_FILTER, _ALL_THREADS, ctypes.byref(asked)):
        return True
    if ctypes.get_errno() in (errno.ENOSYS, errno.EINVAL):
        return False
    raise OSError(ctypes.get_errno(), "seccomp")


def _op(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, operand)
