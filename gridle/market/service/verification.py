"""The port behind which results are judged, and the first way: the requestor's own check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gridle.market.protocol.job_messages import TaskVerdict
from gridle.market.protocol.sentence import Sentence
from gridle.market.service.domain.attempt import Attempt
from gridle.market.service.domain.job import Job


@dataclass(frozen=True)
class Decision:
    """A result is accepted or not; `explanation` is for the provider."""

    accepted: bool
    explanation: Sentence


class Verification(Protocol):
    """One way to judge results. Pure: time comes in, nothing goes out."""

    def due_at(self, job: Job, revealed_at: float) -> float:
        """Return when a result is to be judged again even if no verdict comes."""

    def judge(self, attempt: Attempt, verdict: TaskVerdict | None, now: float) -> Decision | None:
        """Judge a revealed result; None where that cannot be said yet."""


class RequestorCheck:
    """The requestor judges, within a time limit; its silence is consent."""

    def due_at(self, job: Job, revealed_at: float) -> float:
        """Return when the requestor's time is over."""
        return revealed_at + job.verdict_timeout_s

    def judge(self, attempt: Attempt, verdict: TaskVerdict | None, now: float) -> Decision | None:
        """Follow the verdict; without one, accept once the time is over."""
        if verdict is not None:
            return Decision(verdict.accepted, _said(verdict))
        if attempt.verdict_due_at is not None and now >= attempt.verdict_due_at:
            return Decision(
                accepted=True,
                explanation=Sentence(
                    "The requestor gave no verdict in time, so the result counts as accepted.",
                    "需求方未在期限内作出判定，结果视为已接受。",
                ),
            )
        return None


def _said(verdict: TaskVerdict) -> Sentence:
    if verdict.accepted:
        return Sentence(
            "The requestor checked the result and accepted it.", "需求方已检查并接受该结果。"
        )
    reason = verdict.reason or "-"
    return Sentence(
        f"The requestor checked the result and rejected it: {reason}",
        f"需求方检查后拒绝了该结果：{reason}",
    )
