"""What a battery gives while it discharges: the whole machine's power, on Linux.

Source: Linux's Documentation/ABI/testing/sysfs-class-power. `power_now` is in µW; batteries that
lack it give `current_now` (µA, negative with some drivers) and `voltage_now` (µV).
"""

from __future__ import annotations

from pathlib import Path

from gridle.worker.probes.power.number_file import read_number, read_word

ROOT = Path("/sys/class/power_supply")


class DischargePower:
    """The sum of all batteries of this machine."""

    def __init__(self, batteries: tuple[Path, ...]) -> None:
        self._batteries = batteries

    def read(self) -> float | None:
        """Return W; None while no battery discharges."""
        found = [watts for each in self._batteries if (watts := _discharge_w(each)) is not None]
        return sum(found) if found else None


def find_batteries(root: Path = ROOT) -> tuple[Path, ...]:
    """Return the batteries that feed this machine; not those of mice and keyboards."""
    try:
        supplies = sorted(root.iterdir())
    except OSError:
        return ()
    return tuple(
        each
        for each in supplies
        if read_word(each / "type") == "Battery" and read_word(each / "scope") != "Device"
    )


def _discharge_w(battery: Path) -> float | None:
    if read_word(battery / "status") != "Discharging":
        return None
    power_uw = read_number(battery / "power_now")
    if power_uw is not None:
        return abs(power_uw) / 1e6
    current_ua, voltage_uv = (
        read_number(battery / f"{name}_now") for name in ("current", "voltage")
    )
    if current_ua is None or voltage_uv is None:
        return None
    return abs(current_ua) * abs(voltage_uv) / 1e12
