"""Which practice jobs are ordered, round by round; kept on disk by the sample requestor."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from msgspec import Struct

from gridle.market.protocol.ids import JobId
from gridle.market.protocol.money import SignedOrder


class OrderedJob(Struct, frozen=True):
    """The newest order of one practice job. It is kept before it is sent."""

    name: str
    round_number: int
    manifest_path: str
    order: SignedOrder
    job_id: JobId | None = None
    """None until the market answered."""
    is_over: bool = False


class Rounds(Struct, frozen=True):
    """The round that runs, and the newest order of each job, by the job's name."""

    number: int = 1
    jobs: dict[str, OrderedJob] = {}


def to_order(rounds: Rounds, names: Collection[str]) -> list[str]:
    """Return which of the jobs that can run now have no order in this round and none open."""
    return [name for name in sorted(names) if _is_free(rounds, name)]


def unsent(rounds: Rounds) -> list[OrderedJob]:
    """Return the orders that the market has not answered yet; they are sent again as they are."""
    return [job for job in rounds.jobs.values() if job.job_id is None and not job.is_over]


def under_way(rounds: Rounds) -> list[OrderedJob]:
    """Return the jobs that the market took and that are not over."""
    return [job for job in rounds.jobs.values() if job.job_id is not None and not job.is_over]


def with_job(rounds: Rounds, job: OrderedJob) -> Rounds:
    """Return the rounds with the newest state of one job."""
    return Rounds(rounds.number, {**rounds.jobs, job.name: job})


def with_over(rounds: Rounds, name: str) -> Rounds:
    """Return the rounds with one job over: finished, or given up."""
    return with_job(rounds, msgspec.structs.replace(rounds.jobs[name], is_over=True))


def advanced(rounds: Rounds, names: Collection[str], stuck: Collection[str]) -> Rounds:
    """Return the next round where this one has nothing left to do, else the same.

    Args:
        rounds: the state.
        names: the jobs that can run now.
        stuck: jobs that have only been waiting, such as for a container engine; they keep their
            order and are not ordered again until it is over.
    """
    this_round = [job for job in rounds.jobs.values() if job.round_number == rounds.number]
    something_done = any(job.is_over for job in this_round)
    all_settled = all(
        name in rounds.jobs and (rounds.jobs[name].is_over or name in stuck) for name in names
    )
    if something_done and all_settled and not to_order(rounds, names):
        return Rounds(rounds.number + 1, rounds.jobs)
    return rounds


def _is_free(rounds: Rounds, name: str) -> bool:
    job = rounds.jobs.get(name)
    return job is None or (job.is_over and job.round_number < rounds.number)
