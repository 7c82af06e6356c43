"""Whether this machine runs on its battery, and how full that is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil

from gridle.worker.probes.machine.kernel_file import entries, kernel_number, kernel_text

POWER_SUPPLIES = Path("/sys/class/power_supply")


@dataclass(frozen=True)
class BatteryReading:
    """The power source; a machine without a battery is never on it."""

    on_battery: bool
    percent: float | None


NO_BATTERY = BatteryReading(on_battery=False, percent=None)


@dataclass(frozen=True)
class _Cell:
    """One battery: `held` and `whole` in whatever unit its driver has, the same for both."""

    status: str
    held: int
    whole: int


def read_power_supplies(folder: Path = POWER_SUPPLIES) -> BatteryReading:
    """Read Linux's power supplies (kernel: Documentation/ABI/testing/sysfs-class-power).

    The battery of a mouse or a headset (`scope` is `Device`) is not the machine's. A plug that
    gives current counts, whatever the battery does meanwhile: a weak charger is still a plug.
    """
    cells: list[_Cell] = []
    plugged = False
    has_mains = False
    for supply in entries(folder):
        if kernel_text(supply / "scope") == "Device":
            continue
        kind = kernel_text(supply / "type")
        if kind == "Battery":
            cells += _cells(supply)
        elif kind in ("Mains", "USB", "Wireless"):
            plugged = plugged or kernel_number(supply / "online") not in (None, 0)
            has_mains = has_mains or kind == "Mains"
    if not cells:
        return NO_BATTERY
    # Where no plug is shown at all, the battery's own word is all there is.
    drained = has_mains or any(cell.status == "Discharging" for cell in cells)
    return BatteryReading(on_battery=drained and not plugged, percent=_percent(cells))


def read_battery() -> BatteryReading:
    """Ask the operating system through psutil; where it cannot tell, no battery is assumed.

    For Windows and macOS; on Linux psutil takes a mouse's battery for the machine's.
    """
    sensor = getattr(psutil, "sensors_battery", None)
    try:
        found = sensor() if sensor is not None else None
    except (OSError, ValueError, RuntimeError):
        # A driver that reports nonsense must not stop the worker.
        return NO_BATTERY
    if found is None:
        return NO_BATTERY
    # `power_plugged` is None where the charger's state is unknown: that stops nothing.
    return BatteryReading(on_battery=found.power_plugged is False, percent=float(found.percent))


def _cells(supply: Path) -> list[_Cell]:
    """Return the battery, if it is in its bay and says how full it is."""
    if kernel_number(supply / "present") == 0:
        return []
    status = kernel_text(supply / "status")
    for held_name, whole_name in (("energy_now", "energy_full"), ("charge_now", "charge_full")):
        held = kernel_number(supply / held_name)
        whole = kernel_number(supply / whole_name)
        if held is not None and whole is not None and whole > 0:
            return [_Cell(status, held, whole)]
    percent = kernel_number(supply / "capacity")
    return [_Cell(status, percent or 0, 100 if percent is not None else 0)]


def _percent(cells: list[_Cell]) -> float | None:
    """Return how full all batteries are together; a small and a large one weigh as they hold."""
    whole = sum(cell.whole for cell in cells)
    if whole == 0:
        return None
    return min(100.0, max(0.0, 100 * sum(cell.held for cell in cells) / whole))
