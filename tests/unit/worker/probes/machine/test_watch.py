"""The machine's thread sleeps until something rings, somebody reads what is old, or tasks run."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from gridle.worker.policy.readings import Gpu
from gridle.worker.probes.machine.battery import BatteryReading
from gridle.worker.probes.machine.build import find_core_kinds, find_machine
from gridle.worker.probes.machine.exclusive import ExclusivePrograms
from gridle.worker.probes.machine.gpus import NoGpus
from gridle.worker.probes.machine.look import Look
from gridle.worker.probes.machine.looks import Looks
from gridle.worker.probes.machine.port import MachineReading
from gridle.worker.probes.machine.program_match import Wanted
from gridle.worker.probes.machine.system import System
from gridle.worker.probes.machine.waiting import WaitingForBells, WaitingForWake
from gridle.worker.probes.machine.watch import WatchedMachine

T = TypeVar("T")
DEADLINE_S = 20.0


class Clock:
    """A clock that a test moves."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Pipe:
    """A bell that a test rings."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()

    def ring(self) -> None:
        os.write(self._writer, b"!")

    def break_down(self) -> None:
        os.close(self._writer)

    def fileno(self) -> int:
        return self._reader

    def heard(self) -> bool:
        return bool(os.read(self._reader, 100))

    def close(self) -> None:
        os.close(self._reader)


class Listed:
    """A list of processes that a test writes."""

    def __init__(self) -> None:
        self.programs: dict[int, str] = {}
        self.wanted = Wanted()

    def look_for(self, wanted: Wanted) -> None:
        self.wanted = wanted

    def running(self, ours: frozenset[int], only: frozenset[int] | None = None) -> str | None:
        assert only is None
        return self.wanted.first_of(
            {name for pid, name in self.programs.items() if pid not in ours}
        )


class Rig:
    """A machine whose every figure is the test's."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.bell = Pipe()
        self.listed = Listed()
        self.celsius = 50.0
        self.battery = BatteryReading(on_battery=False, percent=None)
        self.temperatures_read = 0
        self.hold = threading.Event()
        self.hold.set()
        self.changes: queue.Queue[MachineReading] = queue.Queue()
        system = System(battery=lambda: self.battery, cpu_temperature_c=self._measure_heat)
        programs = ExclusivePrograms(self.listed, None, self.clock)
        self.looks = Looks(system, programs, NoGpus(), None)
        bells: dict[Any, Look[Any]] = {self.bell: self.looks.battery}
        waiting = WaitingForBells([self.bell])
        self.machine = WatchedMachine(self.looks, programs, bells, waiting, self.clock)

    def start(self) -> None:
        self.machine.start(lambda: self.changes.put(self.machine.read()))

    def change(self) -> MachineReading:
        return self.changes.get(timeout=DEADLINE_S)

    def _measure_heat(self) -> float:
        self.hold.wait(DEADLINE_S)
        self.temperatures_read += 1
        return self.celsius


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.hold.set()
    rig.machine.close()


def eventually(value: Callable[[], T], wanted: T) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while value() != wanted:
        assert time.monotonic() < deadline, value()
        threading.Event().wait(0.005)


def test_all_is_known_once_it_has_started(rig: Rig) -> None:
    assert rig.machine.read() == MachineReading()
    rig.start()
    assert rig.machine.read().cpu_temperature_c == pytest.approx(50.0)


def test_a_bell_has_its_own_figure_looked_at_and_no_other(rig: Rig) -> None:
    rig.start()
    assert rig.change().cpu_temperature_c == pytest.approx(50.0)
    rig.battery = BatteryReading(on_battery=True, percent=70.0)
    rig.bell.ring()
    changed = rig.change()
    assert changed.on_battery
    assert changed.battery_percent == pytest.approx(70.0)
    assert rig.temperatures_read == 1


def test_nothing_is_measured_until_it_is_old_and_somebody_reads(rig: Rig) -> None:
    rig.start()
    rig.change()
    rig.celsius = 60.0
    rig.clock.now_s = 9.9
    assert rig.machine.read().cpu_temperature_c == pytest.approx(50.0)
    rig.clock.now_s = 10.0
    rig.machine.read()
    assert rig.change().cpu_temperature_c == pytest.approx(60.0)
    assert rig.temperatures_read == 2


def test_reading_never_waits_for_a_slow_driver(rig: Rig) -> None:
    rig.start()
    rig.change()
    rig.hold.clear()
    rig.clock.now_s = 10.0
    began_at = time.monotonic()
    readings = [rig.machine.read().cpu_temperature_c for _ in range(100)]
    assert time.monotonic() - began_at < 1.0
    assert set(readings) == {50.0}


def test_a_program_is_looked_for_at_once_when_it_is_named(rig: Rig) -> None:
    rig.listed.programs = {5: "game"}
    rig.start()
    rig.change()
    rig.machine.look_for(("game",))
    assert rig.change().exclusive_program == "game"


def test_a_program_that_turns_out_to_be_our_task_s_is_let_go(rig: Rig) -> None:
    rig.listed.programs = {5: "game"}
    rig.machine.look_for(("game",))
    rig.start()
    assert rig.change().exclusive_program == "game"
    rig.machine.our_tasks_are(frozenset({5}))
    assert rig.change().exclusive_program is None


def test_while_tasks_run_it_looks_of_itself(rig: Rig) -> None:
    rig.start()
    rig.change()
    rig.machine.look_for(("game",))
    rig.machine.watch_closely(on=True)
    rig.listed.programs = {5: "game"}
    rig.clock.now_s = 1.0
    rig.machine.watch_closely(on=False)
    rig.machine.watch_closely(on=True)
    assert rig.change().exclusive_program == "game"
    assert rig.temperatures_read == 2


def test_a_broken_bell_does_not_ring_for_ever(rig: Rig) -> None:
    rig.start()
    rig.change()
    rig.bell.break_down()
    for celsius, now_s in ((60.0, 10.0), (70.0, 20.0)):
        rig.celsius, rig.clock.now_s = celsius, now_s
        rig.machine.read()
        assert rig.change().cpu_temperature_c == celsius
    assert rig.temperatures_read == 3


def test_closing_before_the_start_is_no_harm(rig: Rig) -> None:
    rig.machine.close()
    rig.machine = Rig().machine


def test_a_wake_before_the_sleep_is_not_lost() -> None:
    for waiting in (WaitingForWake(), WaitingForBells([])):
        waiting.wake()
        assert waiting.wait(None) == frozenset()
        assert waiting.wait(0.001) == frozenset()
        waiting.close()


@pytest.mark.parametrize("platform", ["freebsd14", "darwin", "win32"])
def test_a_system_without_its_libraries_still_has_its_disk(platform: str, tmp_path: Path) -> None:
    machine = find_machine(platform, folder=tmp_path)
    machine.start(lambda: None)
    reading = machine.read()
    machine.close()
    assert reading.free_disk_bytes is not None
    assert not reading.on_battery
    assert not reading.power_saver
    assert reading.network.connected


def test_systems_with_one_kind_of_cores() -> None:
    assert find_core_kinds("darwin") == find_core_kinds("freebsd14")


def test_cards_are_asked_with_our_processes() -> None:
    asked: list[frozenset[int]] = []

    class Cards(NoGpus):
        def read(self, ours: frozenset[int] = frozenset()) -> tuple[Gpu, ...]:
            asked.append(ours)
            return (Gpu(0, "Card", 1, 1, 1),)

    programs = ExclusivePrograms(Listed(), None, Clock())
    looks = Looks(System(), programs, Cards(), None)
    machine = WatchedMachine(looks, programs, {}, WaitingForWake(), Clock())
    machine.our_tasks_are(frozenset({7}))
    machine.start(lambda: None)
    assert machine.read().gpus == (Gpu(0, "Card", 1, 1, 1),)
    machine.close()
    assert asked == [frozenset({7})]
