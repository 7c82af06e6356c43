"""Whether this machine runs on its battery."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class BatteryReading:
    """The power source; a machine without a battery is never on it."""

    on_battery: bool
    percent: float | None


NO_BATTERY = BatteryReading(on_battery=False, percent=None)


def read_battery() -> BatteryReading:
    """Ask the operating system; where it cannot tell, no battery is assumed."""
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
