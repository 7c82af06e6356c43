"""The probes of this machine, put together."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

from gridle.worker.policy.readings import OurUse, Readings
from gridle.worker.probes.dbus.address import system_bus_address
from gridle.worker.probes.dbus.bus import Bus
from gridle.worker.probes.machine.build import find_core_kinds, find_machine
from gridle.worker.probes.machine.cores import CoreKinds
from gridle.worker.probes.machine.cpu_load import ForeignLoad, machine_cpu_times
from gridle.worker.probes.machine.port import Machine
from gridle.worker.probes.power.build import find_power
from gridle.worker.probes.power.port import Power
from gridle.worker.probes.presence.build import find_user_input
from gridle.worker.probes.presence.user_input import UserInput

_LOAD_PERIOD_S = 2.0


class Probes:
    """Everything that the policy needs to know about this machine."""

    def __init__(
        self,
        user_input: UserInput,
        machine: Machine,
        power: Power,
        core_kinds: CoreKinds,
        system_bus: Bus | None = None,
    ) -> None:
        self._system_bus = system_bus
        self._user_input = user_input
        self._machine = machine
        self._power = power
        self._core_kinds = core_kinds
        self._cores = psutil.cpu_count() or 1
        self._load = ForeignLoad(machine_cpu_times(), self._cores, _LOAD_PERIOD_S)

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin; `on_change` comes from a thread of the probes when something changes.

        Above all at the first input after a rest. What no system tells is looked at when somebody
        reads.
        """
        if self._system_bus is not None:
            self._system_bus.start()
        self._machine.start(on_change)
        self._user_input.start(on_change)

    def read(self, use: OurUse) -> Readings:
        """Return the machine as it is now; takes well under a millisecond on most calls."""
        seen, machine = self._user_input.read(), self._machine.read()
        # what the cards' driver says of them is in `gpus`; this is the machine or its processors
        power_w = machine.power_w if machine.power_w is not None else self._power.read()
        return Readings(
            seconds_since_input=seen.seconds_since_input,
            session_unseen=seen.session_unseen,
            blindness=seen.blindness,
            session_locked=seen.locked,
            attention=seen.attention,
            on_battery=machine.on_battery,
            battery_percent=machine.battery_percent,
            power_saver=machine.power_saver,
            cpu_temperature_c=machine.cpu_temperature_c,
            fan_rpm=machine.fan_rpm,
            foreign_cpu_percent=self._load.update(machine_cpu_times(), use.cpu_s),
            memory_pressure_percent=machine.memory_pressure_percent,
            free_memory_bytes=psutil.virtual_memory().available + use.memory_bytes,
            free_disk_bytes=machine.free_disk_bytes,
            our_disk_bytes=machine.our_disk_bytes,
            network=machine.network,
            volume_bytes=use.volume_bytes,
            exclusive_program=machine.exclusive_program,
            cores=self._cores,
            performance_cores=self._core_kinds.performance,
            efficiency_cores=self._core_kinds.efficiency,
            gpus=machine.gpus,
            power_w=power_w,
        )

    def look_for(self, programs: tuple[str, ...]) -> None:
        """Say which programs are the owner's exclusive ones."""
        self._machine.look_for(programs)

    def watch_closely(self, *, runs: bool, away: bool) -> None:
        """Say whether tasks run, and whether the owner counts as away: any input ends that."""
        self._machine.watch_closely(on=runs)
        self._user_input.watch_closely(on=runs and away)

    def close(self) -> None:
        """Stop watching."""
        self._user_input.close()
        self._machine.close()
        if self._system_bus is not None:
            self._system_bus.close()


def build_probes(home: Path) -> Probes:
    """Look at this machine and take the adapter that fits each of its features.

    Args:
        home: where tasks work, whose disk is looked at.
    """
    # one connection to the system's services serves the user's probes and the machine's
    bus = Bus(system_bus_address(os.environ)) if sys.platform == "linux" else None
    return Probes(
        find_user_input(os.environ, sys.platform, system_bus=bus),
        find_machine(sys.platform, folder=home, system_bus=bus),
        find_power(sys.platform),
        find_core_kinds(sys.platform),
        bus,
    )
