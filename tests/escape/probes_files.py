"""The host's files, and what could be learnt of the host and of other tasks."""

from __future__ import annotations

from tests.escape.case import ABSENT, EVERYWHERE
from tests.escape.probe import Probe

_UNREAD = ABSENT | {"Cross-device link", "Resource busy", "File exists", "Is a directory"}
_MOUNT_TABLES = ("/proc/self/mountinfo", "/proc/self/mounts", "/proc/1/mountinfo")

FILES = [
    Probe(
        "read the owner's files",
        ("read", "@secret-file", "/etc/shadow", "/root/.ssh/id_rsa", "/home", "/var/lib",
         "/proc/1/root/etc/shadow", "/proc/1/cwd/../../../etc/shadow", "/in/../../secret.txt",
         "/proc/self/root/var/log/syslog", "/out/../../../secret.txt", "/etc/ssh/ssh_host_rsa_key"),
        fences=EVERYWHERE,
        errors=_UNREAD,
    ),
    Probe(
        "read the kernel's memory, keys and log",
        ("read", "/proc/kcore", "/proc/keys", "/proc/kmsg", "/proc/kallsyms", "/proc/slabinfo",
         "/proc/vmallocinfo", "/proc/timer_list", "/proc/kpageflags", "/proc/config.gz",
         "/sys/kernel/debug/x", "/sys/kernel/tracing/trace", "/sys/kernel/security/lsm",
         "/sys/firmware/acpi/tables/DSDT", "/sys/kernel/btf/vmlinux", "/proc/sched_debug",
         "/sys/kernel/vmcoreinfo", "/sys/kernel/notes"),
        errors=_UNREAD,
    ),
    Probe(
        "spy on the owner's devices",
        ("read", "/proc/interrupts", "/proc/softirqs", "/proc/diskstats", "/proc/partitions",
         "/proc/modules", "/proc/swaps", "/proc/bus/input/devices", "/proc/asound/cards",
         "/proc/iomem", "/proc/ioports", "/proc/fs/ext4", "/proc/pressure/cpu", "/proc/driver/rtc",
         "/proc/key-users", "/proc/crypto", "/proc/zoneinfo", "/proc/schedstat",
         "/sys/class/dmi/id/sys_vendor", "/sys/devices/virtual/dmi/id/product_name",
         "/sys/hypervisor/uuid", "/sys/module/kernel/parameters/panic",
         "/sys/kernel/mm/ksm/run", "/sys/power/state", "/sys/block/vda/size"),
        errors=_UNREAD,
    ),
    Probe(
        "list the machine's hardware",
        ("list", "/sys/class", "/sys/block", "/sys/bus", "/sys/module", "/sys/firmware",
         "/sys/devices/virtual", "/sys/devices/pci0000:00", "/sys/class/power_supply", "/sys/dev"),
        errors=_UNREAD,
        emulated=frozenset({"/sys/class"}),
    ),
    Probe("see the kernel's command line", ("seek", "@kernel-words", "/proc/cmdline"),
          errors=_UNREAD),
    Probe("see the host's name", ("seek", "@host-name", "/etc/hostname", "/etc/hosts",
          "/proc/sys/kernel/hostname", "/proc/self/environ", "/etc/resolv.conf",
          "/run/.containerenv"), errors=_UNREAD),
    Probe("see the host's environment", ("seek", "@secret", "/proc/1/environ",
          "/proc/self/environ", "/proc/2/environ", "/proc/1/cmdline"),
          fences=EVERYWHERE, errors=_UNREAD),
    Probe("see the machine's boot id", ("seek", "@boot-id", "/proc/sys/kernel/random/boot_id"),
          errors=_UNREAD),
    Probe("count the owner's key presses", ("seek", "@interrupts", "/proc/stat"), errors=_UNREAD,
          open_to=frozenset({"/proc/stat"}), emulated=frozenset({"/proc/stat"})),
    Probe(
        "see the worker's folder in the mount table",
        ("seek", "@folder", *_MOUNT_TABLES),
        errors=_UNREAD,
        open_to=frozenset(_MOUNT_TABLES),
    ),
    Probe("read a neighbour's data", ("read", "@neighbour"), fences=EVERYWHERE, errors=_UNREAD),
    Probe("change the input, the image, the program", ("input",), fences=EVERYWHERE,
          errors=_UNREAD, ends_module_by="linked.txt"),
    Probe("replace out/ itself", ("replace-output",), fences=EVERYWHERE,
          errors=_UNREAD | {"Invalid argument", "Directory not empty"}),
    Probe("use descriptors left open", ("descriptors",), fences=EVERYWHERE,
          errors=frozenset({"Bad file descriptor"})),
]  # fmt: skip
