"""Which queued tasks a node gets: oldest first within a job, jobs in turn, only what fits it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from gridle.market.protocol.ids import JobId, PublicKey
from gridle.market.protocol.manifest import RuntimeKind
from gridle.market.protocol.messages import LeaseRequest
from gridle.market.service.domain.job import Job
from gridle.market.service.domain.task import Task

ELSEWHERE_FIRST_S = 60.0
"""For so long a task that failed at one node is kept for the others that are there."""


class Obstacle(Enum):
    """Why a task is not given to a node; listed from the most telling to the least."""

    NO_CONSENT = auto()
    CONTAINER_ENGINE = auto()
    WASM_RUNTIME = auto()
    GVISOR = auto()
    NETWORK = auto()
    SEALED = auto()
    GPUS = auto()
    GPU_MEMORY = auto()
    PRICE = auto()
    MEMORY = auto()
    CORES = auto()
    UNFUNDED = auto()
    ELSEWHERE_FIRST = auto()


@dataclass(frozen=True)
class Seeker:
    """What a node asks for, and whether it has a key to which data can be sealed."""

    request: LeaseRequest
    has_sealing_key: bool = False


@dataclass(frozen=True)
class Offer:
    """An open job, its next queued tasks in order, and how many are queued in all."""

    job: Job
    tasks: tuple[Task, ...]
    queued: int
    is_funded: bool


@dataclass(frozen=True)
class Asker:
    """The node that asks, and when; `others_seen`: other nodes asked for work lately."""

    node: PublicKey
    now: float
    others_seen: bool


@dataclass(frozen=True)
class Match:
    """The tasks to give, in order, and how many wait for each reason."""

    tasks: tuple[Task, ...]
    waiting: Mapping[Obstacle, int]


_OBSTACLES: Mapping[Obstacle, Callable[[Job, Seeker], bool]] = {
    Obstacle.NO_CONSENT: lambda job, seeker: job.job_id in seeker.request.not_jobs,
    Obstacle.CONTAINER_ENGINE: lambda job, seeker: _lacks(job, seeker, "container"),
    Obstacle.WASM_RUNTIME: lambda job, seeker: _lacks(job, seeker, "wasm"),
    Obstacle.GVISOR: lambda job, seeker: job.isolation == "gvisor" and not seeker.request.gvisor,
    Obstacle.NETWORK: lambda job, seeker: job.needs_network and not seeker.request.network,
    Obstacle.SEALED: lambda job, seeker: job.data_class == "sealed" and not seeker.has_sealing_key,
    Obstacle.GPUS: lambda job, seeker: job.gpus > seeker.request.gpus,
    Obstacle.GPU_MEMORY: lambda job, seeker: (
        job.gpus > 0 and job.gpu_memory_bytes > seeker.request.gpu_memory_bytes
    ),
    Obstacle.PRICE: lambda job, seeker: (
        job.rate_units_per_core_hour < seeker.request.ask_units_per_core_hour
    ),
    Obstacle.MEMORY: lambda job, seeker: job.memory_bytes > seeker.request.memory_bytes,
    Obstacle.CORES: lambda job, seeker: job.cores > seeker.request.cores,
}
"""Whether each stands between a job and a node, in the order in which they are told."""


def obstacle(job: Job, seeker: Seeker, *, is_funded: bool = True) -> Obstacle | None:
    """Return why no task of this job can go to a node that asks so, or None."""
    for each, stands in _OBSTACLES.items():
        if stands(job, seeker):
            return each
    return None if is_funded else Obstacle.UNFUNDED


def _lacks(job: Job, seeker: Seeker, runtime: RuntimeKind) -> bool:
    return job.runtime == runtime and runtime not in seeker.request.runtimes


def match(seeker: Seeker, offers: Sequence[Offer], asker: Asker) -> Match:
    """Choose up to `slots` tasks: one of each job in turn, the job served longest ago first.

    Each task chosen takes its cores, memory and graphics cards from what the node said is free.
    """
    waiting: dict[Obstacle, int] = {}
    queues: dict[JobId, list[Task]] = {}
    jobs: dict[JobId, Job] = {}
    for offer in sorted(offers, key=lambda each: (each.job.served, each.job.created_at)):
        found = obstacle(offer.job, seeker, is_funded=offer.is_funded)
        if found is not None:
            waiting[found] = waiting.get(found, 0) + offer.queued
            continue
        queue = [task for task in offer.tasks if not _kept_for_others(task, asker)]
        if kept := len(offer.tasks) - len(queue):
            waiting[Obstacle.ELSEWHERE_FIRST] = waiting.get(Obstacle.ELSEWHERE_FIRST, 0) + kept
        if queue:
            queues[offer.job.job_id], jobs[offer.job.job_id] = queue, offer.job
    return Match(_in_turn(seeker.request, jobs, queues), waiting)


def _in_turn(
    request: LeaseRequest, jobs: Mapping[JobId, Job], queues: dict[JobId, list[Task]]
) -> tuple[Task, ...]:
    chosen = list[Task]()
    free = _Free(request.cores, request.memory_bytes, request.gpus)
    while queues and len(chosen) < request.slots:
        for job_id in list(queues):
            if len(chosen) == request.slots:
                break
            left = free.without(jobs[job_id])
            if left.is_overdrawn:
                del queues[job_id]
                continue
            chosen.append(queues[job_id].pop(0))
            free = left
            if not queues[job_id]:
                del queues[job_id]
    return tuple(chosen)


@dataclass(frozen=True)
class _Free:
    cores: int
    memory_bytes: int
    gpus: int

    def without(self, job: Job) -> _Free:
        return _Free(
            self.cores - job.cores, self.memory_bytes - job.memory_bytes, self.gpus - job.gpus
        )

    @property
    def is_overdrawn(self) -> bool:
        return min(self.cores, self.memory_bytes, self.gpus) < 0


def _kept_for_others(task: Task, asker: Asker) -> bool:
    return (
        asker.others_seen
        and task.failed_node == asker.node
        and asker.now < (task.failed_at or 0.0) + ELSEWHERE_FIRST_S
    )
