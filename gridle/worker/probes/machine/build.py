"""The machine's probes, put together: the one place here that asks which system this is."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from gridle.worker.probes.dbus.bus import Bus
from gridle.worker.probes.machine.cores import ONE_KIND, CoreKinds, read_core_kinds
from gridle.worker.probes.machine.exclusive import ExclusivePrograms
from gridle.worker.probes.machine.gpus import find_gpus
from gridle.worker.probes.machine.look import Look
from gridle.worker.probes.machine.looks import Looks
from gridle.worker.probes.machine.system import System
from gridle.worker.probes.machine.waiting import Bell, WaitingForBells, WaitingForWake
from gridle.worker.probes.machine.watch import WatchedMachine


def find_machine(
    platform: str = sys.platform,
    *,
    folder: Path | None = None,
    system_bus: Bus | None = None,
) -> WatchedMachine:
    """Return the adapter for this machine; nothing is looked at before it starts.

    Args:
        platform: as `sys.platform` has it.
        folder: where tasks work, whose disk is looked at.
        system_bus: the bus of the system's services, which its owner starts and closes.
    """
    if platform == "linux":
        return _linux_machine(folder, system_bus)
    if platform == "win32":
        from gridle.worker.probes.machine.windows import windows_system  # noqa: PLC0415 - its libraries exist there alone

        return _plain_machine(windows_system(), platform, folder)
    if platform == "darwin":
        from gridle.worker.probes.machine.macos import macos_system  # noqa: PLC0415 - the same

        return _plain_machine(macos_system(), platform, folder)
    return _plain_machine(System(), platform, folder)


def find_core_kinds(platform: str = sys.platform) -> CoreKinds:
    """Return which of this machine's cores are fast; one kind where its system does not tell."""
    if platform == "win32":
        from gridle.worker.probes.machine.windows import windows_core_kinds  # noqa: PLC0415 - its libraries exist there alone

        return windows_core_kinds()
    return read_core_kinds() if platform == "linux" else ONE_KIND


def _linux_machine(folder: Path | None, system_bus: Bus | None) -> WatchedMachine:
    from gridle.worker.probes.machine import linux  # noqa: PLC0415 - netlink exists there alone
    from gridle.worker.probes.machine.exec_bell import find_exec_bell  # noqa: PLC0415 - the same
    from gridle.worker.probes.machine.memory_pressure import find_pressure_bell  # noqa: PLC0415
    from gridle.worker.probes.machine.netlink_bell import network_bell, power_bell  # noqa: PLC0415
    from gridle.worker.probes.machine.platform_profile import find_profile_bell  # noqa: PLC0415

    services = linux.find_services()
    system = linux.linux_system(services, boot_clock)
    exec_bell = find_exec_bell()
    programs = ExclusivePrograms(system.processes(), exec_bell, boot_clock)
    looks = Looks(system, programs, find_gpus("linux"), folder)
    hung: tuple[tuple[Bell | None, Look[Any]], ...] = (
        (power_bell(), looks.battery),
        (network_bell(), looks.network),
        (find_profile_bell(), looks.power_saver),
        (find_pressure_bell(), looks.pressure),
        (exec_bell, looks.programs),
    )
    bells = {bell: look for bell, look in hung if bell is not None}
    machine = WatchedMachine(looks, programs, bells, WaitingForBells(tuple(bells)), boot_clock)
    if system_bus is not None:
        services.metered.follow(system_bus, lambda: machine.changed(looks.network))
        for profile in services.profiles:
            profile.follow(system_bus, lambda: machine.changed(looks.power_saver))
    return machine


def _plain_machine(system: System, platform: str, folder: Path | None) -> WatchedMachine:
    programs = ExclusivePrograms(system.processes(), None, time.monotonic)
    looks = Looks(system, programs, find_gpus(platform), folder)
    return WatchedMachine(looks, programs, {}, WaitingForWake(), time.monotonic)


def boot_clock() -> float:
    """Return seconds that go on while the machine sleeps: after that, everything is old."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
