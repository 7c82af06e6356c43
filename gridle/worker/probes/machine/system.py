"""What one operating system tells of a machine; each entry's default is its null."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gridle.worker.policy.readings import Network
from gridle.worker.probes.machine.battery import NO_BATTERY, BatteryReading
from gridle.worker.probes.machine.process_list import ProcessList, PsutilProcesses


@dataclass(frozen=True)
class System:
    """How to measure each figure; all may take milliseconds and may raise."""

    battery: Callable[[], BatteryReading] = lambda: NO_BATTERY
    power_saver: Callable[[], bool] = lambda: False
    cpu_temperature_c: Callable[[], float | None] = lambda: None
    fan_rpm: Callable[[], float | None] = lambda: None
    memory_pressure_percent: Callable[[], float | None] = lambda: None
    network: Callable[[], Network] = Network
    processes: Callable[[], ProcessList] = PsutilProcesses
