"""The decision: one pure function from limits, readings, wishes and time to an allowance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, tzinfo

from msgspec.structs import replace

from gridle.worker.policy import sentences
from gridle.worker.policy.allowance import Allowance, Reason, ReasonCode
from gridle.worker.policy.cards import cards
from gridle.worker.policy.limits import Budget, Limits, MiB
from gridle.worker.policy.owner import OwnerWish
from gridle.worker.policy.pausing import (
    machine_pauses,
    owner_pauses,
    power_pauses,
    use_pauses,
)
from gridle.worker.policy.power_price import PowerPrice
from gridle.worker.policy.presence import budget_now, presence
from gridle.worker.policy.profit import waits_until
from gridle.worker.policy.readings import Presence, Readings
from gridle.worker.policy.steadiness import CALM, Steadiness
from gridle.worker.policy.transfers import transfers


def decide(
    limits: Limits,
    readings: Readings,
    owner: OwnerWish,
    now: float,
    *,
    steadiness: Steadiness = CALM,
    price: PowerPrice | None = None,
    zone: tzinfo = UTC,
) -> Allowance:
    """Say what all tasks together may use at `now` (Unix seconds), and why.

    What stops work wins over what slows it, in this order: the owner's Stop, Pause and hours,
    power, a session that cannot be seen, use, and the machine's own troubles. The first reason
    of the answer decides; the others hold too. The answer is never above the owner's limits nor
    above what the machine has.

    Args:
        limits: the owner's.
        readings: the machine's, as the probes last said.
        owner: Start, Pause, and "finish, then stop".
        now: Unix seconds.
        steadiness: what `settle` made of these readings and those before.
        price: what electricity costs at `now`, by the owner's tariff.
        zone: the owner's time zone, for the weekly hours.
    """
    budget = budget_now(limits, readings, steadiness)
    network = transfers(limits, budget, readings)
    kept = Allowance(
        cpu_percent=0,
        cores=0,
        memory_bytes=_memory_bytes(budget, readings),
        disk_bytes=_disk_bytes(limits, readings),
        download_bytes_s=network.download_bytes_s,
        upload_bytes_s=network.upload_bytes_s,
        takes_work=False,
        reasons=(
            *owner_pauses(limits, owner, now, zone),
            *power_pauses(limits, readings, steadiness),
            *use_pauses(limits, readings, steadiness, now),
            *machine_pauses(limits, readings, steadiness, budget.cpu_max_c),
        ),
    )
    if kept.reasons:
        return kept
    gpus, core_ids = cards(budget, readings, steadiness), _core_ids(budget, readings)
    waits = tuple(_waiting(limits, price))
    return replace(
        kept,
        cpu_percent=max(1, int(budget.cpu_percent * steadiness.speed)),
        cores=len(core_ids) or max(1, min(budget.cores, readings.cores)),
        core_ids=core_ids,
        gpus=gpus.ids,
        gpu_percent=gpus.percent,
        takes_work=not (network.reasons or waits or owner.finishing),
        begins_work=not waits,
        reasons=(
            _reason_to_run(limits, readings, steadiness),
            *_slowing(limits, budget, steadiness),
            *gpus.reasons,
            *network.reasons,
            *waits,
            *_finishing(owner),
        ),
    )


def _reason_to_run(limits: Limits, readings: Readings, steadiness: Steadiness) -> Reason:
    match presence(limits, readings, steadiness):
        case Presence.UNSEEN:
            said = sentences.unseen_reduced(readings.blindness)
            return Reason(ReasonCode.SESSION_UNSEEN, said)
        case Presence.IN_USE:
            return Reason(ReasonCode.IN_USE_REDUCED, sentences.IN_USE_REDUCED)
        case Presence.WATCHED:
            return Reason(ReasonCode.WATCHED, sentences.WATCHED_REDUCED)
        case Presence.AWAY:
            return Reason(ReasonCode.AWAY, sentences.AWAY)


def _slowing(limits: Limits, budget: Budget, steadiness: Steadiness) -> Iterator[Reason]:
    """Yield what makes work slower than the budget says."""
    if steadiness.cpu_heat.factor < 1:
        said = sentences.cpu_hot(budget.cpu_max_c, stopped=False)
        yield Reason(ReasonCode.CPU_HOT, said)
    if steadiness.yield_factor < 1:
        yield Reason(ReasonCode.YIELDING, sentences.YIELDING)
    if steadiness.fan.on and limits.fan_max_rpm:
        yield Reason(ReasonCode.FAN_FAST, sentences.FAN_FAST)


def _waiting(limits: Limits, price: PowerPrice | None) -> Iterator[Reason]:
    """Yield that the owner waits for the day's cheapest hours.

    What runs goes on: a paused task would be given back long before they come.
    """
    cheap_at = None if price is None else waits_until(limits.electricity, price)
    if cheap_at is not None:
        yield Reason(ReasonCode.WAITING_FOR_CHEAP_HOURS, sentences.CHEAP_HOURS, cheap_at)


def _finishing(owner: OwnerWish) -> Iterator[Reason]:
    if owner.finishing:
        yield Reason(ReasonCode.FINISHING, sentences.FINISHING)


def _core_ids(budget: Budget, readings: Readings) -> tuple[int, ...]:
    """Return the cores to keep to, the last first: most systems serve devices on the first ones.

    Empty where every core may be used.
    """
    kinds = {
        "performance": readings.performance_cores,
        "efficiency": readings.efficiency_cores,
        "any": (),
    }
    allowed = kinds[budget.core_kind] or tuple(range(readings.cores))
    chosen = tuple(sorted(allowed)[-budget.cores :])
    return () if len(chosen) >= readings.cores else chosen


def _memory_bytes(budget: Budget, readings: Readings) -> int:
    return max(0, min(budget.memory_mib * MiB, readings.free_memory_bytes))


def _disk_bytes(limits: Limits, readings: Readings) -> int:
    """Return what tasks may still write: within the owner's share and what must stay free."""
    own_bytes = limits.disk_mib * MiB - readings.our_disk_bytes
    if readings.free_disk_bytes is None:
        return max(0, own_bytes)
    return max(0, min(own_bytes, readings.free_disk_bytes - limits.disk_keep_free_mib * MiB))
