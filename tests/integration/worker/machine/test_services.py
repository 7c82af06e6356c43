"""Metered networks and power profiles, told by the real daemons on a bus of the test's."""

from __future__ import annotations

import queue
from collections.abc import Iterator

import pytest

from gridle.worker.probes.dbus.bus import Bus
from gridle.worker.probes.machine.build import find_machine
from gridle.worker.probes.machine.bus_property import (
    METERED,
    NETWORK_METERED,
    POWER_PROFILES,
    POWER_SAVER,
    BusProperty,
)
from gridle.worker.probes.machine.port import MachineReading
from tests.rigs.message_bus import HAS_DBUS, MessageBus
from tests.rigs.network_daemon import HAS_NETWORK_MANAGER, NetworkDaemon
from tests.rigs.power_profiles import HAS_POWER_PROFILES, PowerProfiles

pytestmark = pytest.mark.skipif(not HAS_DBUS, reason="needs dbus-daemon")
needs_network_manager = pytest.mark.skipif(
    not HAS_NETWORK_MANAGER, reason="needs NetworkManager, and root for a namespace of its own"
)
needs_power_profiles = pytest.mark.skipif(
    not HAS_POWER_PROFILES, reason="needs power-profiles-daemon"
)
DEADLINE_S = 60.0


@pytest.fixture
def daemon() -> Iterator[MessageBus]:
    daemon = MessageBus("system")
    yield daemon
    daemon.remove()


@pytest.fixture
def bus(daemon: MessageBus) -> Iterator[Bus]:
    bus = Bus(daemon.address)
    bus.start()
    yield bus
    bus.close()


class Followed:
    """A machine on that bus, and all that it told."""

    def __init__(self, bus: Bus) -> None:
        self._machine = find_machine("linux", system_bus=bus)
        self._told: queue.Queue[MachineReading] = queue.Queue()
        self._machine.start(lambda: self._told.put(self._machine.read()))

    def until_metered(self, *, wanted: bool) -> None:
        while self._told.get(timeout=DEADLINE_S).network.metered is not wanted:
            pass

    def until_power_saver(self, *, wanted: bool) -> None:
        while self._told.get(timeout=DEADLINE_S).power_saver is not wanted:
            pass

    def close(self) -> None:
        self._machine.close()


@pytest.fixture
def machine(bus: Bus) -> Iterator[Followed]:
    followed = Followed(bus)
    yield followed
    followed.close()


@needs_network_manager
def test_a_metered_network_is_told_as_its_owner_says(daemon: MessageBus, machine: Followed) -> None:
    network_manager = NetworkDaemon(daemon)
    try:
        machine.until_metered(wanted=True)
        network_manager.set_metered("no")
        machine.until_metered(wanted=False)
        network_manager.set_metered("yes")
        machine.until_metered(wanted=True)
    finally:
        network_manager.kill()
    machine.until_metered(wanted=False)  # nobody knows any more


@needs_power_profiles
def test_the_power_saver_is_told_when_it_is_chosen(daemon: MessageBus, machine: Followed) -> None:
    profiles = PowerProfiles(daemon)
    chosen = BusProperty(POWER_PROFILES[0], str)
    came: queue.Queue[str | None] = queue.Queue()
    watching = Bus(daemon.address)
    chosen.follow(watching, lambda: came.put(chosen.value))
    watching.start()
    try:
        while came.get(timeout=DEADLINE_S) != "balanced":
            pass
        profiles.choose(POWER_SAVER)
        machine.until_power_saver(wanted=True)
        profiles.choose("balanced")
        machine.until_power_saver(wanted=False)
        profiles.choose(POWER_SAVER)
        machine.until_power_saver(wanted=True)
    finally:
        profiles.close()
        watching.close()
    machine.until_power_saver(wanted=False)


def test_a_bus_without_these_services_stops_nothing(bus: Bus) -> None:
    metered = BusProperty(NETWORK_METERED, int)
    metered.follow(bus, lambda: None)
    bus.start(DEADLINE_S)
    assert metered.value not in METERED
