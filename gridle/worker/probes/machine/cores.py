"""Which logical cores are fast and which are thrifty, where the kernel tells them apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gridle.worker.probes.machine.kernel_file import entries, kernel_number, kernel_text

DEVICES = Path("/sys/devices")
_MOST_CORES = 4096
_CORE_FOLDER = re.compile(r"cpu(\d{1,4})")
_RANGE = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?")


@dataclass(frozen=True)
class CoreKinds:
    """Numbers of logical cores by kind; both empty on a machine with one kind."""

    performance: tuple[int, ...] = ()
    efficiency: tuple[int, ...] = ()


ONE_KIND = CoreKinds()


def parse_cpu_list(text: str) -> tuple[int, ...]:
    """Read the kernel's list format, such as `0-7,16`; anything else is no core."""
    cores: set[int] = set()
    for part in filter(None, text.strip().split(",")):
        found = _RANGE.fullmatch(part)
        if found is None:
            return ()
        first, last = int(found[1]), int(found[2] or found[1])
        if not first <= last < _MOST_CORES:
            return ()
        cores.update(range(first, last + 1))
    return tuple(sorted(cores))


def by_capacity(capacities: dict[int, int]) -> CoreKinds:
    """Tell cores apart by how much each can do: the most capable are for performance."""
    most = max(capacities.values(), default=0)
    efficiency = tuple(sorted(core for core, each in capacities.items() if each < most))
    if not efficiency:
        return ONE_KIND
    return CoreKinds(tuple(sorted(set(capacities) - set(efficiency))), efficiency)


def read_core_kinds(devices: Path = DEVICES) -> CoreKinds:
    """Ask Linux: Intel's hybrid processors by their two PMUs, ARM's by each core's capacity."""
    performance = parse_cpu_list(kernel_text(devices / "cpu_core" / "cpus"))
    efficiency = parse_cpu_list(kernel_text(devices / "cpu_atom" / "cpus"))
    if performance and efficiency:
        return CoreKinds(performance, efficiency)
    capacities: dict[int, int] = {}
    for folder in entries(devices / "system" / "cpu"):
        found = _CORE_FOLDER.fullmatch(folder.name)
        capacity = kernel_number(folder / "cpu_capacity") if found else None
        if found and capacity is not None:
            capacities[int(found[1])] = capacity
    return by_capacity(capacities)
