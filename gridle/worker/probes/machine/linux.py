"""Linux: the kernel's files, and two services of the desktop on the system's message bus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from gridle.worker.policy.readings import Network
from gridle.worker.probes.machine.battery import read_power_supplies
from gridle.worker.probes.machine.bus_property import (
    METERED,
    NETWORK_METERED,
    POWER_PROFILES,
    POWER_SAVER,
    BusProperty,
)
from gridle.worker.probes.machine.heat import Heat
from gridle.worker.probes.machine.memory_pressure import read_pressure
from gridle.worker.probes.machine.network import read_network
from gridle.worker.probes.machine.platform_profile import read_platform_profile
from gridle.worker.probes.machine.process_list import ProcFolder
from gridle.worker.probes.machine.system import System


@dataclass(frozen=True)
class Services:
    """What services tell that the kernel does not know; silent where they are not there."""

    metered: BusProperty[int]
    profiles: tuple[BusProperty[str], ...]

    def power_saver(self) -> bool:
        """Return whether the owner chose to save power; the firmware knows where nobody else."""
        chosen = [profile.value for profile in self.profiles if profile.value is not None]
        return POWER_SAVER in chosen if chosen else read_platform_profile()

    def network(self) -> Network:
        """Return the connection, with whether it costs by volume."""
        return msgspec.structs.replace(read_network(), metered=self.metered.value in METERED)


def find_services() -> Services:
    """Name the services; they are followed once there is a bus."""
    profiles = tuple(BusProperty(address, str) for address in POWER_PROFILES)
    return Services(BusProperty(NETWORK_METERED, int), profiles)


def linux_system(services: Services, clock: Callable[[], float]) -> System:
    """Return how Linux is asked."""
    heat = Heat(clock)
    return System(
        battery=read_power_supplies,
        power_saver=services.power_saver,
        cpu_temperature_c=heat.cpu_temperature_c,
        fan_rpm=heat.fan_rpm,
        memory_pressure_percent=read_pressure,
        network=services.network,
        processes=ProcFolder,
    )
