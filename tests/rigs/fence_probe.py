# ruff: noqa: PTH102, PTH104, PTH108, PTH208, PTH211, S606 - each attempt is one system call
"""A WebAssembly host's stand-in that is hostile itself: fences this process, then tries to get out.

Run as `python -I -S fence_probe.py ROOT MODE IN OUT USER`: MODE names the layers that this kernel
is said to have, and `compile` where no task is run. It prints one line for each attempt: its name,
and the error's name or `done`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource  # noqa: F401 - while this user can still read where Python lies
import socket
import sys
import threading
from collections.abc import Callable
from functools import partial

sys.path.append(sys.argv[1])
from gridle.worker.sandbox.host import fence, landlock, seccomp

MODE, IN, OUT, USER = sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])
MACHINES = ("x86_64", "aarch64")
CALLS = {
    "ptrace": (101, 117),
    "mount": (165, 40),
    "bpf": (321, 280),
    "io_uring": (425, 425),
    "keyring": (250, 219),
    "userfaultfd": (323, 282),
    "perf": (298, 241),
    "namespace": (272, 97),
    "join_namespace": (308, 268),
    "module": (175, 105),
    "read_other_memory": (310, 270),
    "memory_file": (319, 279),
    "signal": (62, 129),
    "change_user": (105, 146),
    "change_root": (161, 51),
    "open_other": (434, 434),
    "open_by_handle": (304, 265),
    "raw_socket": (41, 198),
    "raw_execute": (59, 221),
    "raw_clone": (56, 220),
    "raw_clone3": (435, 435),
    "personality": (135, 92),
    "terminal": (16, 29),
    "trace_filter": (317, 277),
}
_READ_WRITE, _EXECUTE, _PRIVATE_ANONYMOUS = 3, 4, 0x22
libc = ctypes.CDLL(None, use_errno=True)


def raw(name: str) -> None:
    """Make a system call with no arguments that mean anything."""
    number = CALLS[name][MACHINES.index(os.uname().machine)]
    if libc.syscall(number, *(ctypes.c_long(0) for _ in range(6))) < 0:
        raise OSError(ctypes.get_errno(), name)


def executable_memory() -> None:
    """Ask for memory that can be written and run."""
    libc.mmap.restype = ctypes.c_void_p
    access = _READ_WRITE | _EXECUTE
    size = ctypes.c_size_t(4096)
    found = libc.mmap(None, size, access, _PRIVATE_ANONYMOUS, -1, ctypes.c_long(0))
    if found == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), "mmap")


def fork() -> None:
    """Make another process."""
    if os.fork() == 0:
        os._exit(0)


def write(path: str) -> None:
    """Make a file."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def connect() -> None:
    """Reach this machine by TCP."""
    with socket.socket() as way:
        way.connect(("127.0.0.1", 9))


ATTEMPTS: dict[str, Callable[[], object]] = {
    "read_in": lambda: os.open(f"{IN}/data.txt", os.O_RDONLY),
    "list_in": lambda: os.listdir(IN),
    "write_out": lambda: write(f"{OUT}/made.txt"),
    "rename_out": lambda: os.rename(f"{OUT}/made.txt", f"{OUT}/renamed.txt"),
    "remove_out": lambda: os.unlink(f"{OUT}/renamed.txt"),
    "write_in": lambda: write(f"{IN}/data.txt"),
    "make_in": lambda: write(f"{IN}/new.txt"),
    "write_beside": lambda: write(f"{OUT}/../beside.txt"),
    "read_passwd": lambda: os.open("/etc/passwd", os.O_RDONLY),
    "read_root": lambda: os.listdir("/"),
    "read_proc": lambda: os.open("/proc/self/maps", os.O_RDONLY),
    "read_device": lambda: os.open("/dev/null", os.O_RDWR),
    "folder_out": lambda: os.mkdir(f"{OUT}/folder"),
    "link_out": lambda: os.symlink("/etc", f"{OUT}/link"),
    "hard_link": lambda: os.link(f"{IN}/data.txt", f"{OUT}/hard"),
    "pipe_out": lambda: os.mkfifo(f"{OUT}/pipe"),
    "device_out": lambda: os.mknod(f"{OUT}/device", 0o20600, os.makedev(1, 3)),
    "socket": socket.socket,
    "unix_socket": lambda: socket.socket(socket.AF_UNIX),
    "connect": connect,
    "fork": fork,
    "thread": lambda: threading.Thread(target=int, daemon=True).start(),
    "executable_memory": executable_memory,
    **{name: partial(raw, name) for name in CALLS},
    "execute": lambda: os.execv("/bin/true", ["true"]),
}


def main() -> None:
    """Close the fence as a host does, and try everything."""
    if USER:
        os.setgroups([])
        os.setgid(USER)
        os.setuid(USER)
    if "landlock" not in MODE:
        landlock.version = lambda libc: 0  # noqa: ARG005 - as it is called
    if "seccomp" not in MODE:
        seccomp.MACHINES.clear()
    fence.begin(os.getppid())
    fence.limit(2**26, 2**20)
    if "compile" in MODE:
        fence.keep_to((), ())
        fence.only_compute(opens_files=False, new_code=True)
    else:
        fence.keep_to((IN,), (OUT,))
        fence.only_compute(opens_files=True, new_code=False)
    for name, attempt in ATTEMPTS.items():
        if name in CALLS and "seccomp" not in MODE:
            continue  # some of them would do what they are made for
        try:
            attempt()
            said = "done"
        except OSError as error:
            said = errno.errorcode.get(error.errno or 0, "?")
        except RuntimeError as error:
            said = str(error)
        os.write(1, f"{name} {said}\n".encode())


main()
