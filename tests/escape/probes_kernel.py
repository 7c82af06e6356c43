"""Doors into the kernel, rights that a task does not have, and devices."""

from __future__ import annotations

from tests.escape.case import ABSENT, REFUSED
from tests.escape.probe import Probe

_NO_DEVICE = ABSENT | {"No such device or address", "No such device"}
_INVALID = REFUSED | {"Invalid argument"}
_OTHERS = REFUSED | {"No such process"}

KERNEL = [
    Probe("mount a file system", ("mount",)),
    Probe("mount by the newer calls", ("new-mount",)),
    Probe("unmount what is in the way", ("umount",)),
    Probe("change the root", ("roots",)),
    Probe("unshare namespaces", ("unshare",)),
    Probe("clone into a new namespace", ("clone",)),
    Probe("load kernel modules", ("modules",)),
    Probe("load another kernel", ("kexec",)),
    Probe("reboot", ("reboot",)),
    Probe("swap on and off", ("swap",)),
    Probe("use keyrings", ("keyrings",)),
    Probe("io_uring", ("io-uring",)),
    Probe("load BPF", ("bpf",)),
    Probe("userfaultfd", ("userfaultfd",), errors=ABSENT),
    Probe("performance counters", ("perf",)),
    Probe("fanotify, quotas, the kernel's log", ("watchers",)),
    Probe("open files by handle", ("handles",)),
    Probe("set the clock", ("clocks",)),
    Probe("name the machine", ("names",)),
    Probe("weaken address randomisation", ("personality",)),
    Probe("replace the filter of system calls", ("filters",)),
    Probe("ports of hardware", ("ports",)),
    Probe("local descriptor tables", ("ldt",)),
    Probe("32-bit system calls", ("int80",)),
    Probe("x32 system calls", ("x32",)),
]

RIGHTS = [
    Probe("become root", ("ids",)),
    Probe("gain capabilities", ("capabilities",), errors=_INVALID),
    Probe("unset no_new_privs, run a setuid program", ("no-new-privileges",), errors=_INVALID),
    Probe("map users", ("user-maps",), errors=ABSENT),
    Probe("trace another process", ("ptrace",)),
    Probe("read another process's memory", ("memory-of-others",)),
    Probe("signal processes of the host", ("signals", "@pids"), errors=_OTHERS),
    Probe(
        "real-time and negative priorities",
        ("priorities",),
        emulated=frozenset({"nice", "oom_score_adj"}),
    ),
    Probe("raise own limits", ("limits",)),
    Probe("write the runtime's own program", ("runtime-file",), errors=ABSENT | {"Text file busy"}),
]

DEVICES = [
    Probe("make device nodes and open them", ("nodes",), errors=_NO_DEVICE),
    Probe(
        "open device nodes of the image",
        ("open", "/nodes/memory", "/nodes/messages", "/nodes/disk"),
        errors=_NO_DEVICE,
    ),
    Probe(
        "open devices",
        ("open", "/dev/mem", "/dev/kmsg", "/dev/port", "/dev/sda", "/dev/vda", "/dev/kvm",
         "/dev/fuse", "/dev/net/tun", "/dev/vhost-vsock", "/dev/loop-control", "/dev/tty1",
         "/dev/uinput", "/dev/input/event0", "/dev/dri/card0", "/dev/snd/controlC0"),
        errors=_NO_DEVICE,
        emulated=frozenset({"/dev/fuse", "/dev/net/tun"}),
    ),
    Probe("type into a terminal", ("terminals",), errors=REFUSED | {"Not a tty"}),
    Probe("write control groups", ("groups",), errors=ABSENT),
    Probe(
        "write the kernel's settings",
        ("open-to-write", "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern",
         "/proc/sys/kernel/modprobe", "/proc/sys/vm/drop_caches", "/proc/sys/kernel/hostname",
         "/proc/sys/fs/binfmt_misc/register", "/proc/irq/0/smp_affinity", "/proc/kcore",
         "/proc/acpi/wakeup", "/proc/mtrr", "/sys/kernel/uevent_helper", "/sys/power/state",
         "/sys/bus/pci/rescan", "/sys/kernel/mm/transparent_hugepage/enabled",
         "/sys/module/kernel/parameters/panic"),
        errors=ABSENT | {"I/O error"},
    ),
]  # fmt: skip
