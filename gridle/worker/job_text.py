"""Jobs and standing answers as lines for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.messages import JobView, WorkerState
from gridle.worker.policy.consent import ANY_CLASS, Answer, Ruling

_RULINGS = {
    Ruling.RUN: Sentence("may run", "可以运行"),
    Ruling.REFUSE: Sentence("refused", "已拒绝"),
    Ruling.ASK: Sentence(
        "waits for your answer: gridle worker answer {job} once|always|never",
        "等待您的答复：gridle worker answer {job} once|always|never",
    ),
}
_ANSWERS = {
    Answer.ONCE: Sentence("allowed once", "已允许一次"),
    Answer.ALWAYS: Sentence("always allowed", "始终允许"),
    Answer.NEVER: Sentence("never allowed", "从不允许"),
}
_NO_JOBS = Sentence("No job was offered here lately.", "最近没有作业。")
_ANY = Sentence("any job", "任何作业")


def job_lines(state: WorkerState) -> Iterator[str]:
    """Yield the lines of `gridle worker jobs`."""
    if not state.jobs:
        yield str(_NO_JOBS)
    for job in state.jobs:
        yield from _job(job)
    for each in state.publishers:
        scope = str(_ANY) if each.scope == ANY_CLASS else each.scope
        yield f"{each.publisher}  {scope}: {_ANSWERS[each.answer]}"


def _job(job: JobView) -> Iterator[str]:
    yield f"{job.job_id}  {job.title}  [{job.job_class}]"
    for sentence in job.explanation:
        yield f"  {sentence}"
    yield f"  → {str(_RULINGS[job.ruling]).format(job=job.job_id)}"
