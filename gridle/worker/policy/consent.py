"""Whether a job may run here: the owner's standing answers, and what is to be asked first. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gridle.market.protocol.ids import Address, JobId
from gridle.market.protocol.manifest import Manifest
from gridle.worker.policy.task_rules import AskFirst

ANY_CLASS = "any"
"""Stands for all classes of a publisher's jobs: a publisher that is trusted, or blocked."""


class Answer(StrEnum):
    """What an owner can answer."""

    ONCE = "once"
    """This job may run, and its publisher's next one is asked about again."""
    ALWAYS = "always"
    NEVER = "never"


class Ruling(StrEnum):
    """What follows for a job."""

    RUN = "run"
    REFUSE = "refuse"
    ASK = "ask"


@dataclass(frozen=True)
class Subject:
    """What an answer is about; `scope` is a class of jobs, `ANY_CLASS`, or one job's id."""

    publisher: Address
    scope: str


Answers = Mapping[Subject, Answer]


def job_class(manifest: Manifest) -> str:
    """Return the class of a job: its data class, and what it wants beyond computing.

    Such as `public`, or `sealed+network+cards`: whoever allows one allows none of the others.
    """
    more = []
    if manifest.network_allow:
        more.append("network")
    if manifest.resources.gpus:
        more.append("cards")
    return "+".join([manifest.data_class, *more])


def ruling(
    answers: Answers, mode: AskFirst, publisher: Address, job_id: JobId, a_class: str
) -> Ruling:
    """Say what follows for a job: an answer to itself first, then its class, then its publisher.

    A publisher that is blocked is blocked whatever was allowed before.
    """
    who = publisher.lower()
    given = [answers.get(Subject(who, scope)) for scope in (job_id, a_class, ANY_CLASS)]
    if Answer.NEVER in (given[1], given[2]) or given[0] is Answer.NEVER:
        return Ruling.REFUSE
    if any(answer is not None for answer in given):
        return Ruling.RUN
    return Ruling.ASK if _is_asked(mode, a_class) else Ruling.RUN


def subject(publisher: Address, job_id: JobId, a_class: str, answer: Answer) -> Subject:
    """Return what an answer to a job's question is remembered under."""
    return Subject(publisher.lower(), job_id if answer is Answer.ONCE else a_class)


def _is_asked(mode: AskFirst, a_class: str) -> bool:
    match mode:
        case "always":
            return True
        case "special":
            return "+" in a_class
        case "never":
            return False
