"""A job's progress as one line for the terminal."""

from __future__ import annotations

from gridle.market.client.amounts import money
from gridle.market.protocol.job_messages import JobStatus
from gridle.market.protocol.messages import ChainInfo
from gridle.market.protocol.sentence import Sentence
from gridle.market.protocol.states import JobState, TaskState

BAR_CHARS = 20
_WORKING = (TaskState.LEASED, TaskState.COMMITTED)
_DONE = (TaskState.ACCEPTED, TaskState.AWARDED)

_STATE_WORDS = {
    JobState.OPEN: Sentence("open", "进行中"),
    JobState.FINISHED: Sentence("finished", "已完成"),
    JobState.CANCELLED: Sentence("cancelled", "已取消"),
    JobState.EXPIRED: Sentence("expired", "已过期"),
}


def count(status: JobStatus, *states: TaskState) -> int:
    """Return how many tasks are in any of these states."""
    return sum(status.task_counts.get(state, 0) for state in states)


def progress(status: JobStatus, chain: ChainInfo) -> Sentence:
    """Return how far a job is, what it cost so far, and why it waits where it does."""
    total = sum(status.task_counts.values())
    done = count(status, *_DONE)
    working, checking = count(status, *_WORKING), count(status, TaskState.REVEALED)
    lost = count(status, TaskState.EXPIRED, TaskState.CANCELLED)
    filled = BAR_CHARS * done // max(1, total)
    bar = "█" * filled + "·" * (BAR_CHARS - filled)
    cost = money(status.awarded_units, chain)
    state = _STATE_WORDS[status.state]
    en = [f"{status.name} {bar} {done}/{total} accepted", f"{cost} paid", state.en]
    zh = [f"{status.name} {bar} 已接受 {done}/{total}", f"已付 {cost}", state.zh]
    for number, words_en, words_zh in (
        (working, "being worked on", "计算中"),
        (checking, "being checked", "检查中"),
        (lost, "not done", "未完成"),
    ):
        if number:
            en.append(f"{number} {words_en}")
            zh.append(f"{number} 个{words_zh}")
    if status.waiting is not None and status.state is JobState.OPEN:
        en.append(status.waiting.en)
        zh.append(status.waiting.zh)
    return Sentence(" · ".join(en), " · ".join(zh))
