"""Doors into the kernel, rights that a task does not have, and devices."""

from __future__ import annotations

import pytest

from tests.escape.case import ABSENT, CONTAINERS, REFUSED, RUNC, Case
from tests.escape.conftest import Attacker, in_fences, rows

_NO_DEVICE = ABSENT | {"No such device or address", "No such device"}

CASES = [
    Case("mount a file system", ("mount",)),
    Case("mount by the newer calls", ("new-mount",)),
    Case("unmount what is in the way", ("umount",)),
    Case("change the root", ("roots",)),
    Case("unshare namespaces", ("unshare",)),
    Case("clone into a new namespace", ("clone",)),
    Case("load kernel modules", ("modules",)),
    Case("load another kernel", ("kexec",)),
    Case("reboot", ("reboot",)),
    Case("swap on and off", ("swap",)),
    Case("use keyrings", ("keyrings",)),
    Case("io_uring", ("io-uring",)),
    Case("load BPF", ("bpf",)),
    Case("userfaultfd", ("userfaultfd",), errors=ABSENT),
    Case("performance counters", ("perf",)),
    Case("fanotify, quotas, the kernel's log", ("watchers",)),
    Case("open files by handle", ("handles",)),
    Case("set the clock", ("clocks",)),
    Case("name the machine", ("names",)),
    Case("weaken address randomisation", ("personality",)),
    Case("replace the filter of system calls", ("filters",)),
    Case("ports of hardware", ("ports",)),
    Case("local descriptor tables", ("ldt",)),
    Case("32-bit system calls", ("int80",)),
    Case("x32 system calls", ("x32",)),
    Case("become root", ("ids",)),
    Case("gain capabilities", ("capabilities",)),
    Case("unset no_new_privs, run a setuid program", ("no-new-privileges",)),
    Case("trace another process", ("ptrace",)),
    Case("read another process's memory", ("memory-of-others",)),
    Case("real-time and negative priorities", ("priorities",)),
    Case("raise own limits", ("limits",)),
    Case(
        "write the runtime's own program",
        ("runtime-file",),
        errors=ABSENT | {"Text file busy"},
    ),
    Case("make device nodes and open them", ("nodes",), errors=_NO_DEVICE),
    Case(
        "open device nodes of the image",
        ("open", "/nodes/memory", "/nodes/messages", "/nodes/disk"),
        errors=_NO_DEVICE,
    ),
    Case(
        "open devices",
        ("open", "/dev/mem", "/dev/kmsg", "/dev/port", "/dev/sda", "/dev/vda", "/dev/kvm",
         "/dev/fuse", "/dev/net/tun", "/dev/vhost-vsock", "/dev/loop-control", "/dev/tty1",
         "/dev/uinput", "/dev/input/event0", "/dev/dri/card0", "/dev/snd/controlC0"),
        errors=_NO_DEVICE,
    ),
    Case(
        "type into a terminal",
        ("terminals",),
        errors=REFUSED | {"Not a tty", "Inappropriate ioctl for device", "Invalid argument"},
    ),
    Case("write control groups", ("groups",), errors=ABSENT),
    Case(
        "write the kernel's settings",
        ("open-to-write", "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern",
         "/proc/sys/kernel/modprobe", "/proc/sys/vm/drop_caches", "/proc/sys/kernel/hostname",
         "/proc/sys/fs/binfmt_misc/register", "/proc/irq/0/smp_affinity", "/proc/kcore",
         "/proc/self/uid_map", "/proc/timer_list", "/proc/acpi/wakeup", "/proc/mtrr",
         "/sys/kernel/uevent_helper", "/sys/power/state", "/sys/bus/pci/rescan",
         "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/module/kernel/parameters/panic"),
        errors=ABSENT | {"Input/output error", "I/O error"},
    ),
]  # fmt: skip


@rows(CASES)
def test_kernel_is_held(attacker: Attacker, case: Case) -> None:
    attacker.attack(case)


@in_fences(*CONTAINERS)
def test_signals_reach_nobody_outside(attacker: Attacker) -> None:
    pids = (str(attacker.host.canary.pid), "2", "100000")
    errors = frozenset({"No such process", *REFUSED})
    attacker.attack(Case("signal processes of the host", ("signals", *pids), errors=errors))
