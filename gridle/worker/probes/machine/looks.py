"""All figures of the machine together, with how often each is looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from gridle.worker.policy.readings import Gpu, Network
from gridle.worker.probes.machine.battery import NO_BATTERY, BatteryReading
from gridle.worker.probes.machine.disk_space import DiskReading, read_disk
from gridle.worker.probes.machine.exclusive import ExclusivePrograms
from gridle.worker.probes.machine.gpus import Gpus
from gridle.worker.probes.machine.look import Look
from gridle.worker.probes.machine.port import MachineReading
from gridle.worker.probes.machine.system import System

T = TypeVar("T")
_SELDOM_S = 10.0
"""One period for nearly all, so that they are measured in one go."""
_DISK_S = 30.0


class Looks:
    """One look for each figure; `ours` are our tasks' processes, set by any thread.

    While tasks run, heat, cards and programs are looked at every second; fans every five, as
    some machines stand still for a moment while theirs is read.
    """

    def __init__(
        self, system: System, programs: ExclusivePrograms, gpus: Gpus, folder: Path | None
    ) -> None:
        self.ours: frozenset[int] = frozenset()
        self.battery: Look[BatteryReading] = _look(system.battery, NO_BATTERY, 5.0)
        self.power_saver: Look[bool] = _look(system.power_saver, False, 5.0)  # noqa: FBT003 - the unknown value
        self.heat: Look[float | None] = _look(system.cpu_temperature_c, None, 1.0)
        self.fans: Look[float | None] = _look(system.fan_rpm, None, 5.0)
        self.pressure: Look[float | None] = _look(system.memory_pressure_percent, None, 2.0)
        self.network: Look[Network] = _look(system.network, Network(), 5.0)
        self.programs: Look[str | None] = _look(lambda: programs.running(self.ours), None, 1.0)
        self.gpus: Look[tuple[Gpu, ...]] = _look(lambda: gpus.read(self.ours), (), 1.0)
        self.disk: Look[DiskReading] = Look(
            lambda: DiskReading() if folder is None else read_disk(folder),
            DiskReading(),
            period_s=_DISK_S,
            closely_s=_SELDOM_S,
        )
        self.close = gpus.close

    @property
    def every(self) -> tuple[Look[Any], ...]:
        """Return all looks; programs first, as they are what somebody waits for."""
        quick = (self.programs, self.battery, self.power_saver, self.heat, self.pressure)
        return (*quick, self.network, self.disk, self.fans, self.gpus)

    def reading(self) -> MachineReading:
        """Put the last values together."""
        return MachineReading(
            on_battery=self.battery.value.on_battery,
            battery_percent=self.battery.value.percent,
            power_saver=self.power_saver.value,
            cpu_temperature_c=self.heat.value,
            fan_rpm=self.fans.value,
            memory_pressure_percent=self.pressure.value,
            network=self.network.value,
            exclusive_program=self.programs.value,
            gpus=self.gpus.value,
            free_disk_bytes=self.disk.value.free_bytes,
            our_disk_bytes=self.disk.value.ours_bytes,
        )


def _look(measure: Callable[[], T], unknown: T, closely_s: float) -> Look[T]:
    return Look(measure, unknown, period_s=_SELDOM_S, closely_s=closely_s)
