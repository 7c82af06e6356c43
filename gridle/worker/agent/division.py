"""How an allowance is divided among tasks, and how much more could be taken. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.manifest import Manifest, RuntimeKind
from gridle.worker.policy.allowance import Allowance
from gridle.worker.sandbox.port import Share
from gridle.worker.sources.port import Capacity

MAX_SLOTS = 64
"""The most that one lease request may ask for."""


@dataclass(frozen=True)
class Need:
    """What one task takes of the machine."""

    lease_id: LeaseId
    cores: int
    memory_bytes: int
    disk_bytes: int = 0
    """What its result and its saved states may take."""
    gpus: int = 0


_STATE_COPIES = 4
"""Two in the task's own folder while it saves, and two that are kept beside it."""


def need(lease_id: LeaseId, manifest: Manifest) -> Need:
    """Return what a task of this job takes."""
    resources, rule = manifest.resources, manifest.checkpoint
    state_bytes = _STATE_COPIES * rule.max_bytes if rule else 0
    return Need(
        lease_id,
        resources.cores,
        resources.memory_bytes,
        resources.output_max_bytes + state_bytes,
        resources.gpus,
    )


def shares(allowance: Allowance, running: Sequence[Need]) -> Mapping[LeaseId, Share]:
    """Divide the allowance: each task gets `cpu_percent` of each of its cores.

    Where tasks have more cores than are allowed, all get less in proportion, so that the sum is
    never above `cores` × `cpu_percent`.
    """
    asked = sum(each.cores for each in running)
    scale = min(1.0, allowance.cores / asked) if asked else 0.0
    return {
        each.lease_id: Share(
            cpu_percent=allowance.cpu_percent * each.cores * scale,
            core_ids=allowance.core_ids,
            gpu_percent=allowance.gpu_percent,
        )
        for each in running
    }


def startable(
    allowance: Allowance, running: Sequence[Need], ready: Iterable[Need]
) -> tuple[LeaseId, ...]:
    """Return which ready tasks start now, in order, without passing cores, memory, disk or cards.

    A task wider than the allowance starts alone, on the share that there is.
    """
    if not (allowance.may_run and allowance.begins_work):
        return ()
    cores = sum(each.cores for each in running)
    memory_bytes = sum(each.memory_bytes for each in running)
    disk_bytes = sum(each.disk_bytes for each in running)
    gpus = sum(each.gpus for each in running)
    chosen: list[LeaseId] = []
    for each in ready:
        fits = cores + each.cores <= allowance.cores or cores == 0
        fits = fits and memory_bytes + each.memory_bytes <= allowance.memory_bytes
        fits = fits and gpus + each.gpus <= (len(allowance.gpus) if each.gpus else gpus)
        if fits and disk_bytes + each.disk_bytes <= allowance.disk_bytes:
            chosen.append(each.lease_id)
            cores += each.cores
            memory_bytes += each.memory_bytes
            disk_bytes += each.disk_bytes
            gpus += each.gpus
    return tuple(chosen)


def capacity(
    allowance: Allowance,
    live: Sequence[Need],
    runtimes: tuple[RuntimeKind, ...],
    ask_units_per_core_hour: int = 0,
) -> Capacity:
    """Return what could be taken on top of the live tasks; nothing while none is wanted."""
    cores = max(0, allowance.cores - sum(each.cores for each in live))
    memory_bytes = max(0, allowance.memory_bytes - sum(each.memory_bytes for each in live))
    disk_bytes = allowance.disk_bytes - sum(each.disk_bytes for each in live)
    wants = allowance.takes_work and allowance.may_run and bool(runtimes)
    slots = min(cores, MAX_SLOTS) if wants and memory_bytes > 0 and disk_bytes > 0 else 0
    return Capacity(runtimes, slots, cores, memory_bytes, ask_units_per_core_hour)
