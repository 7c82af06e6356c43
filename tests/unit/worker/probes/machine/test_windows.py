"""What Windows fills in is read as its documents lay it out."""

from __future__ import annotations

import struct

import pytest

from gridle.worker.probes.machine.battery import NO_BATTERY, BatteryReading
from gridle.worker.probes.machine.cores import ONE_KIND, CoreKinds
from gridle.worker.probes.machine.windows import parse_battery, parse_cpu_sets, parse_saver


def status(line: int, flag: int, percent: int, saver: int = 0) -> bytes:
    return struct.pack("<BBBBii", line, flag, percent, saver, -1, -1)


@pytest.mark.parametrize(
    ("told", "reading"),
    [
        (status(0, 1, 80), BatteryReading(on_battery=True, percent=80.0)),
        (status(1, 8, 80), BatteryReading(on_battery=False, percent=80.0)),
        (status(255, 0, 255), BatteryReading(on_battery=False, percent=None)),
        (status(0, 255, 90), BatteryReading(on_battery=True, percent=90.0)),
        (status(1, 128, 255), NO_BATTERY),
    ],
)
def test_the_battery(told: bytes, reading: BatteryReading) -> None:
    assert parse_battery(told) == reading


def test_battery_saver() -> None:
    assert parse_saver(status(0, 1, 80, saver=1))
    assert not parse_saver(status(0, 1, 80))


def cpu_set(core: int, efficiency_class: int, group: int = 0) -> bytes:
    return struct.pack("<IIIHBBBBBBIQ", 32, 0, 256 + core, group, core, core, 0, 0,
                       efficiency_class, 0, 0, 0)  # fmt: skip


def test_cores_by_their_class() -> None:
    sets = b"".join((cpu_set(0, 1), cpu_set(1, 1), cpu_set(2, 0), cpu_set(0, 0, group=1)))
    assert parse_cpu_sets(sets) == CoreKinds((0, 1), (2,))
    assert parse_cpu_sets(cpu_set(0, 0) + cpu_set(1, 0)) == ONE_KIND
    assert parse_cpu_sets(b"") == ONE_KIND
    assert parse_cpu_sets(bytes(64)) == ONE_KIND
