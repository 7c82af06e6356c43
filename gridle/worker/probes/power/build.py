"""How this machine's power is measured: the one place that asks which system this is."""

from __future__ import annotations

import time
from pathlib import Path

from gridle.worker.probes.power.discharge import ROOT as BATTERIES
from gridle.worker.probes.power.discharge import DischargePower, find_batteries
from gridle.worker.probes.power.port import NoPower, Power
from gridle.worker.probes.power.rapl import ROOT as PACKAGES
from gridle.worker.probes.power.rapl import RaplPower, find_packages


def find_power(platform: str, packages: Path = PACKAGES, batteries: Path = BATTERIES) -> Power:
    """Return the processors' counters where they can be read, else the battery's discharge.

    Windows and macOS tell programs without privileges neither: their power is estimated.
    """
    if platform != "linux":
        return NoPower()
    if found := find_packages(packages):
        return RaplPower(found, time.monotonic)
    if cells := find_batteries(batteries):
        return DischargePower(cells)
    return NoPower()
