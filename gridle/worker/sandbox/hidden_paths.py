"""What of this machine an engine lays a lid on, inside a container.

`/proc` and `/sys` of a container are the kernel's own. Engines cover what is dangerous; this covers
what merely tells: how this machine was started, what hardware there is with which serial numbers,
and when a key is pressed (whoever counts interrupts knows). Libraries that count processors find
them in `/proc/cpuinfo` and by `sched_getaffinity(2)`; control groups stay in `/sys/fs/cgroup`.
Docker's command line cannot cover paths.
"""

from __future__ import annotations

_PROC = (
    "cmdline",  # how this machine was started: disks, names, switches
    "sys/kernel/random/boot_id",  # the same for all tasks until the next start
    "interrupts",
    "softirqs",
    "diskstats",
    "partitions",
    "swaps",
    "mdstat",
    "iomem",
    "ioports",
    "kallsyms",
    "config.gz",
    "crypto",
    "consoles",
    "key-users",
    "pressure",
    "schedstat",
    "slabinfo",
    "zoneinfo",
    "buddyinfo",
    "pagetypeinfo",
    "vmallocinfo",
    "bus",
    "asound",
    "fs",
)
_SYS = (
    "block",
    "dev",
    "firmware",
    "hypervisor",
    "kernel",
    "power",
)
_OF_CARDS = (
    "/proc/devices",
    "/proc/driver",
    "/proc/modules",
    "/proc/misc",
    "/sys/bus",
    "/sys/class",
    "/sys/devices",
    "/sys/module",
)
"""By these, the libraries of graphics cards find their card."""
_OF_MAKERS = ("/sys/class/dmi", "/sys/devices/virtual/dmi")


def hidden_paths(*, with_cards: bool) -> tuple[str, ...]:
    """Return the paths to cover; a task that holds graphics cards has to find them."""
    always = (*(f"/proc/{name}" for name in _PROC), *(f"/sys/{name}" for name in _SYS))
    return (*always, *(_OF_MAKERS if with_cards else _OF_CARDS))
