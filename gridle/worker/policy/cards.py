"""Which graphics cards tasks may use, and how much of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gridle.worker.policy import sentences
from gridle.worker.policy.allowance import Reason, ReasonCode
from gridle.worker.policy.limits import Budget
from gridle.worker.policy.readings import Readings
from gridle.worker.policy.steadiness import Heat, Latch, Steadiness, gpu_id


@dataclass(frozen=True)
class Cards:
    """The cards by id, the share of their time, and what keeps others from being used."""

    ids: tuple[str, ...]
    percent: int
    reasons: tuple[Reason, ...]


def cards(budget: Budget, readings: Readings, steadiness: Steadiness) -> Cards:
    """Say which cards may be used: those that the owner names, cool and not used by others."""
    if budget.gpu_percent == 0:
        return Cards((), 0, ())
    heats, used = dict(steadiness.gpu_heat), dict(steadiness.gpu_used)
    free: list[str] = []
    factor = 1.0
    reasons: dict[ReasonCode, Reason] = {}
    for name in (gpu_id(gpu) for gpu in readings.gpus):
        if budget.gpus and name not in budget.gpus:
            continue
        heat = heats.get(name, Heat())
        if used.get(name, Latch()).on:
            reasons[ReasonCode.GPU_IN_USE] = Reason(ReasonCode.GPU_IN_USE, sentences.GPU_IN_USE)
            continue
        if heat.factor < 1:
            said = sentences.gpu_hot(budget.gpu_max_c, stopped=heat.stopped)
            reasons[ReasonCode.GPU_HOT] = Reason(ReasonCode.GPU_HOT, said)
        if not heat.stopped:
            free.append(name)
            factor = min(factor, heat.factor)
    percent = max(1, int(budget.gpu_percent * factor)) if free else 0
    return Cards(tuple(free), percent, tuple(reasons.values()))
