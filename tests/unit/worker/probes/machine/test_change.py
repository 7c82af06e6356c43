"""The agent is woken for what a decision may hang on, not for drift."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from gridle.worker.policy.readings import Gpu, Network
from gridle.worker.probes.machine.change import is_worth_telling
from gridle.worker.probes.machine.port import MachineReading

CARD = Gpu(0, "Card", 1, 1, 5, uuid="GPU-1", temperature_c=50.0)
TOLD = MachineReading(
    battery_percent=80.0,
    cpu_temperature_c=60.0,
    memory_pressure_percent=1.0,
    fan_rpm=1000.0,
    gpus=(CARD,),
)


def card(**changes: object) -> tuple[Gpu, ...]:
    return (msgspec.structs.replace(CARD, **changes),)


@pytest.mark.parametrize(
    "now",
    [
        replace(TOLD, on_battery=True),
        replace(TOLD, power_saver=True),
        replace(TOLD, network=Network(connected=False)),
        replace(TOLD, network=Network(metered=True)),
        replace(TOLD, exclusive_program="blender"),
        replace(TOLD, cpu_temperature_c=62.0),
        replace(TOLD, cpu_temperature_c=None),
        replace(TOLD, memory_pressure_percent=3.0),
        replace(TOLD, battery_percent=79.0),
        replace(TOLD, gpus=()),
        replace(TOLD, gpus=card(temperature_c=52.0)),
        replace(TOLD, gpus=card(foreign_programs=("game",))),
    ],
)
def test_a_change_of_weight(now: MachineReading) -> None:
    assert is_worth_telling(TOLD, now)
    assert is_worth_telling(now, TOLD)


@pytest.mark.parametrize(
    "now",
    [
        TOLD,
        replace(TOLD, cpu_temperature_c=61.9),
        replace(TOLD, battery_percent=79.5),
        replace(TOLD, fan_rpm=3000.0),
        replace(TOLD, free_disk_bytes=5),
        replace(TOLD, gpus=card(memory_used_bytes=7, utilisation_percent=99)),
    ],
)
def test_drift(now: MachineReading) -> None:
    assert not is_worth_telling(TOLD, now)
