"""Which changes of a reading are worth waking the agent for."""

from __future__ import annotations

from gridle.worker.policy.readings import Gpu
from gridle.worker.probes.machine.port import MachineReading

_HEAT_STEP_C = 2.0
_PRESSURE_STEP_PERCENT = 2.0
_BATTERY_STEP_PERCENT = 1.0


def is_worth_telling(told: MachineReading, now: MachineReading) -> bool:
    """Return whether `now` differs by more than drift from what was `told` last.

    Who reads at their own pace sees all the rest: fan speed, power, disk, bytes of memory.
    """
    if _plain_facts(told) != _plain_facts(now):
        return True
    return (
        _moved(told.cpu_temperature_c, now.cpu_temperature_c, _HEAT_STEP_C)
        or _moved(told.memory_pressure_percent, now.memory_pressure_percent, _PRESSURE_STEP_PERCENT)
        or _moved(told.battery_percent, now.battery_percent, _BATTERY_STEP_PERCENT)
        or any(
            _moved(before.temperature_c, after.temperature_c, _HEAT_STEP_C)
            for before, after in zip(told.gpus, now.gpus, strict=True)
        )
    )


def _plain_facts(reading: MachineReading) -> tuple[object, ...]:
    return (
        reading.on_battery,
        reading.power_saver,
        reading.network,
        reading.exclusive_program,
        tuple(map(_card_facts, reading.gpus)),
    )


def _card_facts(card: Gpu) -> tuple[object, ...]:
    return (card.index, card.uuid, card.foreign_programs)


def _moved(before: float | None, after: float | None, step: float) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(after - before) >= step
