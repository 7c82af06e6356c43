"""The owner's consent: jobs that may run here, that are refused, and that wait for an answer.

No lease is held while a question waits: its tasks go back at once, and the market is asked to offer
none of that job until there is an answer.
"""

from __future__ import annotations

import msgspec

from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.ids import Address, JobId
from gridle.market.protocol.messages import ChainInfo
from gridle.market.protocol.money_text import format_units
from gridle.worker.ipc.messages import JobView, PublisherView
from gridle.worker.ledger.ledger import Ledger
from gridle.worker.policy.consent import (
    ANY_CLASS,
    Answer,
    Ruling,
    Subject,
    job_class,
    ruling,
    subject,
)
from gridle.worker.policy.explanation import Offer, explain
from gridle.worker.policy.task_rules import AskFirst
from gridle.worker.sources.port import Offered

MAX_JOBS = 64
"""So many jobs are remembered here: as many as one lease request can leave out."""
MAX_SHOWN = 16
"""So many are told to clients, those that ask first: every change of state carries them."""


class Consents:
    """Only the agent's thread calls it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._answers = dict(ledger.consents.all())
        self._jobs: dict[JobId, JobView] = {}
        """The newest jobs that were offered, oldest first."""
        self.mode: AskFirst = "special"

    def rule(self, offer: Offered, chain: ChainInfo | None) -> Ruling:
        """Say what follows for an offered task, and remember its job with its explanation."""
        job_id = offer.lease.task_id.partition(".")[0]
        publisher, a_class = offer.lease.order.order.payer, job_class(offer.manifest)
        if job_id not in self._jobs:
            self._jobs[job_id] = self._view(job_id, offer, chain)
            while len(self._jobs) > MAX_JOBS:
                del self._jobs[next(iter(self._jobs))]
        return ruling(self._answers, self.mode, publisher, job_id, a_class)

    def answer(self, job_id: JobId, answer: Answer, now: float) -> None:
        """Take the owner's answer to a job.

        Raises:
            InvalidInputError: no such job was offered lately.
            UnavailableError: it could not be written; the question stays.
        """
        job = self._jobs.get(job_id)
        if job is None:
            raise InvalidInputError(
                f"No job {job_id} was offered here lately; `gridle worker jobs` lists those that "
                "were.",
                f"最近没有作业 {job_id}；用 `gridle worker jobs` 查看。",
            )
        self._remember(subject(job.publisher, job_id, job.job_class, answer), answer, now)

    def judge_publisher(self, publisher: Address, answer: Answer | None, now: float) -> None:
        """Trust or block whoever publishes from this address; None forgets every answer to it.

        Raises:
            UnavailableError: it could not be written; what held before holds.
        """
        who = publisher.lower()
        if answer is not None:
            self._remember(Subject(who, ANY_CLASS), answer, now)
            return
        self._ledger.consents.forget(who)
        self._answers = {one: said for one, said in self._answers.items() if one.publisher != who}

    def left_out(self) -> tuple[JobId, ...]:
        """Return the jobs of which nothing is to be offered now."""
        return tuple(each for each, job in self._jobs.items() if self._ruling(job) != Ruling.RUN)

    def jobs(self) -> tuple[JobView, ...]:
        """Show the jobs that were offered lately: those that ask, then the others, newest first."""
        shown = [view_with(job, self._ruling(job)) for job in self._jobs.values()][::-1]
        return tuple(sorted(shown, key=lambda job: job.ruling is not Ruling.ASK)[:MAX_SHOWN])

    def publishers(self) -> tuple[PublisherView, ...]:
        """Show the standing answers."""
        return tuple(
            PublisherView(one.publisher, one.scope, answer) for one, answer in self._answers.items()
        )

    def _remember(self, about: Subject, answer: Answer, now: float) -> None:
        self._ledger.consents.put(about, answer, now)
        self._answers[about] = answer

    def _ruling(self, job: JobView) -> Ruling:
        return ruling(self._answers, self.mode, job.publisher, job.job_id, job.job_class)

    def _view(self, job_id: JobId, offer: Offered, chain: ChainInfo | None) -> JobView:
        manifest, order = offer.manifest, offer.lease.order.order
        done = self._ledger.money.accepted_of(order.payer)
        price, funded = (
            _amount(units, chain) for units in (manifest.price_units, order.budget_units)
        )
        return JobView(
            job_id=job_id,
            publisher=order.payer,
            title=manifest.title,
            job_class=job_class(manifest),
            ruling=Ruling.ASK,
            explanation=explain(Offer(manifest, order.payer, done), price, funded),
        )


def view_with(job: JobView, what: Ruling) -> JobView:
    """Return a job with what holds for it now."""
    return msgspec.structs.replace(job, ruling=what)


def _amount(units: int, chain: ChainInfo | None) -> str:
    if chain is None:
        return f"{units} units"
    return format_units(units, chain.token_decimals, chain.token_symbol)
