"""Which queued tasks a node gets: oldest first within a job, jobs in turn, only what fits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from gridle.market.protocol.ids import JobId, PublicKey
from gridle.market.protocol.messages import LeaseRequest
from gridle.market.service.domain.job import Job
from gridle.market.service.domain.task import Task

ELSEWHERE_FIRST_S = 60.0
"""For so long a task that failed at one node is kept for the others that are there."""


class Obstacle(Enum):
    """Why a task is not given to a node; listed from the most telling to the least."""

    CONTAINER_ENGINE = auto()
    WASM_RUNTIME = auto()
    PRICE = auto()
    MEMORY = auto()
    CORES = auto()
    UNFUNDED = auto()
    ELSEWHERE_FIRST = auto()


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


def obstacle(job: Job, request: LeaseRequest, *, is_funded: bool = True) -> Obstacle | None:
    """Return why no task of this job can go to a node that asks so, or None."""
    if job.runtime not in request.runtimes:
        return Obstacle.CONTAINER_ENGINE if job.runtime == "container" else Obstacle.WASM_RUNTIME
    if job.rate_units_per_core_hour < request.ask_units_per_core_hour:
        return Obstacle.PRICE
    if job.memory_bytes > request.memory_bytes:
        return Obstacle.MEMORY
    if job.cores > request.cores:
        return Obstacle.CORES
    return None if is_funded else Obstacle.UNFUNDED


def match(request: LeaseRequest, offers: Sequence[Offer], asker: Asker) -> Match:
    """Choose up to `slots` tasks: one of each job in turn, the job served longest ago first.

    Each task chosen takes its cores and memory from what the node said is free.
    """
    waiting: dict[Obstacle, int] = {}
    queues: dict[JobId, list[Task]] = {}
    jobs: dict[JobId, Job] = {}
    for offer in sorted(offers, key=lambda each: (each.job.served, each.job.created_at)):
        found = obstacle(offer.job, request, is_funded=offer.is_funded)
        if found is not None:
            waiting[found] = waiting.get(found, 0) + offer.queued
            continue
        queue = [task for task in offer.tasks if not _kept_for_others(task, asker)]
        if kept := len(offer.tasks) - len(queue):
            waiting[Obstacle.ELSEWHERE_FIRST] = waiting.get(Obstacle.ELSEWHERE_FIRST, 0) + kept
        if queue:
            queues[offer.job.job_id], jobs[offer.job.job_id] = queue, offer.job
    return Match(_in_turn(request, jobs, queues), waiting)


def _in_turn(
    request: LeaseRequest, jobs: Mapping[JobId, Job], queues: dict[JobId, list[Task]]
) -> tuple[Task, ...]:
    free, chosen = _Free(request.cores, request.memory_bytes), list[Task]()
    while queues and len(chosen) < request.slots:
        for job_id in list(queues):
            job = jobs[job_id]
            if len(chosen) == request.slots:
                break
            if job.cores > free.cores or job.memory_bytes > free.memory_bytes:
                del queues[job_id]
                continue
            chosen.append(queues[job_id].pop(0))
            free = _less(free, job)
            if not queues[job_id]:
                del queues[job_id]
    return tuple(chosen)


@dataclass(frozen=True)
class _Free:
    cores: int
    memory_bytes: int


def _less(free: _Free, job: Job) -> _Free:
    return _Free(free.cores - job.cores, free.memory_bytes - job.memory_bytes)


def _kept_for_others(task: Task, asker: Asker) -> bool:
    return (
        asker.others_seen
        and task.failed_node == asker.node
        and asker.now < (task.failed_at or 0.0) + ELSEWHERE_FIRST_S
    )
