"""The processors' own energy counters (RAPL: Intel since 2011, AMD since 2017), through Linux.

Source: Linux's Documentation/power/powercap/powercap.rst. `energy_uj` counts microjoules and
begins again at 0 after `max_energy_range_uj`. Since Linux 5.10 only root may read it (the figures
betray secrets of other programs: CVE-2020-8694), so that most machines fall back to an estimate.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gridle.worker.probes.power.number_file import read_number, read_word

ROOT = Path("/sys/class/powercap")

_ZONE = re.compile(r"intel-rapl:[0-9]{1,3}")
"""Whole zones alone: `intel-rapl:0:0` is a part of `intel-rapl:0`, `intel-rapl-mmio` its double."""
_SHORTEST_S, _LONGEST_S = 0.2, 300.0
"""Closer together the counter's own steps show; further apart it may have wrapped twice."""
_MOST_PACKAGE_W = 2_000.0
"""More than any processor draws: the counter was set back, as by a suspend."""


@dataclass(frozen=True)
class Package:
    """One processor's counter."""

    energy_file: Path
    range_uj: int


class RaplPower:
    """The mean power of all processor packages between two readings."""

    def __init__(self, packages: tuple[Package, ...], clock: Callable[[], float]) -> None:
        """Begin; `clock` is in seconds and monotonic."""
        self._packages = packages
        self._clock = clock
        self._last_at = clock()
        self._last_uj = self._energies()
        self._watts: float | None = None

    def read(self) -> float | None:
        """Return W since the last reading; None at first and after a gap."""
        now = self._clock()
        passed_s = now - self._last_at
        if passed_s < _SHORTEST_S:
            return self._watts
        energies = self._energies()
        self._watts = self._mean_w(energies, passed_s) if passed_s <= _LONGEST_S else None
        self._last_at, self._last_uj = now, energies
        return self._watts

    def _mean_w(self, energies: tuple[int | None, ...], passed_s: float) -> float | None:
        total_w = 0.0
        for package, before, after in zip(self._packages, self._last_uj, energies, strict=True):
            if before is None or after is None:
                return None
            watts = counted(before, after, package.range_uj) / 1e6 / passed_s
            if watts > _MOST_PACKAGE_W:
                return None
            total_w += watts
        return total_w

    def _energies(self) -> tuple[int | None, ...]:
        return tuple(read_number(each.energy_file) for each in self._packages)


def counted(before: int, after: int, range_uj: int) -> int:
    """Return what a counter went up by, with at most one return to 0 on its way."""
    return after - before if after >= before else after - before + range_uj + 1


def find_packages(root: Path = ROOT) -> tuple[Package, ...]:
    """Return the packages whose counter this program may read; their sum is the processors'."""
    found = []
    try:
        zones = sorted(path for path in root.iterdir() if _ZONE.fullmatch(path.name))
    except OSError:
        return ()
    for zone in zones:
        energy_file, range_uj = zone / "energy_uj", read_number(zone / "max_energy_range_uj")
        is_package = read_word(zone / "name").startswith("package")
        if is_package and range_uj and read_number(energy_file) is not None:
            found.append(Package(energy_file, range_uj))
    return tuple(found)
