"""The processor's hottest sensor and the fastest fan, from Linux's hwmon folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gridle.worker.probes.machine.kernel_file import entries, kernel_number, kernel_text

HWMON = Path("/sys/class/hwmon")
THERMAL_ZONES = Path("/sys/class/thermal")
_PROCESSORS = ("coretemp", "k10temp", "k8temp", "zenpower", "via_cputemp", "soc_thermal")
_ZONES = ("x86_pkg_temp", "cpu-thermal", "cpu_thermal", "soc-thermal", "soc_thermal")
_WHOLE_PROCESSOR = ("Package", "Tdie")
_HOTTEST_C = 130.0
_FASTEST_RPM = 30_000
_SEARCH_AGAIN_S = 60.0


class Heat:
    """Knows which files to read, so that a look opens a handful of them.

    Sensors may appear late, as their driver is loaded: where none answers, they are searched
    again, once a minute at most.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        hwmon: Path = HWMON,
        thermal_zones: Path = THERMAL_ZONES,
    ) -> None:
        self._clock = clock
        self._hwmon = hwmon
        self._zones = thermal_zones
        self._sensors: list[Path] = []
        self._fans: list[Path] = []
        self._search_at = -1.0

    def cpu_temperature_c(self) -> float | None:
        """Return the hottest of the processor's sensors; None where none says anything sane."""
        self._search()
        thousandths = (kernel_number(path) for path in self._sensors)
        sane = [t / 1000 for t in thousandths if t is not None and 0 < t / 1000 < _HOTTEST_C]
        return max(sane, default=None)

    def fan_rpm(self) -> float | None:
        """Return the fastest fan's speed; 0 where all stand still, None where there is none.

        A fan behind a laptop's embedded controller can take long to answer.
        """
        self._search()
        speeds = (kernel_number(path) for path in self._fans)
        sane = [float(rpm) for rpm in speeds if rpm is not None and 0 <= rpm < _FASTEST_RPM]
        return max(sane, default=None)

    def _search(self) -> None:
        if self._sensors or self._clock() < self._search_at:
            return
        self._search_at = self._clock() + _SEARCH_AGAIN_S
        chips = entries(self._hwmon)
        self._fans = [path for chip in chips for path in sorted(chip.glob("fan*_input"))]
        self._sensors = [path for chip in chips for path in _cpu_sensors(chip)]
        self._sensors = self._sensors or _cpu_zones(self._zones)


def _cpu_sensors(chip: Path) -> list[Path]:
    """Return a chip's files, if it is a processor's.

    One sensor of the whole processor is better than one of each core: reading a core's own wakes
    that core.
    """
    name = kernel_text(chip / "name")
    if name not in _PROCESSORS and not name.startswith("cpu"):
        return []
    inputs = sorted(chip.glob("temp*_input"))
    labels = {path: kernel_text(str(path).removesuffix("_input") + "_label") for path in inputs}
    whole = [path for path in inputs if labels[path].startswith(_WHOLE_PROCESSOR)]
    return whole or inputs


def _cpu_zones(folder: Path) -> list[Path]:
    """Return the thermal zones that are a processor's, for machines whose chip has no driver."""
    zones = [zone for zone in entries(folder) if zone.name.startswith("thermal_zone")]
    return [zone / "temp" for zone in zones if kernel_text(zone / "type") in _ZONES]
