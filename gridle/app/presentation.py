"""What a person is told about the worker: pure, the same in window and tray."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gridle.app import texts
from gridle.app.link_status import LinkStatus
from gridle.app.texts import say
from gridle.market.protocol.messages import ChainInfo
from gridle.market.protocol.money_text import UNKNOWN, format_units
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.messages import Activity, WorkerState
from gridle.worker.policy.allowance import ReasonCode
from gridle.worker.state_words import end_of, other_reasons


class Look(StrEnum):
    """Names the icon: each has its own shape."""

    WORKING = "working"
    WAITING = "waiting"
    PAUSED = "paused"
    STOPPED = "stopped"
    ABSENT = "absent"


@dataclass(frozen=True)
class Headline:
    """The state in one word and one sentence."""

    look: Look
    title: str
    sentence: str
    offers_start: bool
    """Whether the large button says Start; else it says Pause."""
    until: str = ""
    """When that is expected to end, where it is known."""


_TITLES = {
    Activity.WORKING: (Look.WORKING, texts.WORKING),
    Activity.WAITING: (Look.WAITING, texts.WAITING),
    Activity.PAUSED: (Look.PAUSED, texts.PAUSED),
    Activity.STOPPED: (Look.STOPPED, texts.STOPPED),
}
_BY_OWNER = (ReasonCode.STOPPED_BY_OWNER, ReasonCode.PAUSED_BY_OWNER)


def headline(
    status: LinkStatus, state: WorkerState | None, absence: Sentence, now: datetime
) -> Headline:
    """Say what the worker does.

    Args:
        status: whether the worker can be heard.
        state: what it last said.
        absence: the sentence for when it cannot be heard.
        now: the time, in this computer's own zone.
    """
    if state is None:
        searching = status is LinkStatus.SEARCHING
        why = texts.WORKER_SEARCHING if searching else absence
        return Headline(Look.ABSENT, say(texts.NOT_RUNNING), say(why), offers_start=True)
    look, title = _TITLES[state.activity]
    end = end_of(state.reason, now)
    return Headline(
        look,
        say(title),
        say(state.reason.sentence),
        offers_start=state.reason.code in _BY_OWNER or is_finishing(state),
        until=say(end) if end is not None else "",
    )


def is_finishing(state: WorkerState) -> bool:
    """Whether the owner has asked to finish, and Start would take that back."""
    return any(each.code is ReasonCode.FINISHING for each in (state.reason, *state.reasons))


def can_pause(state: WorkerState | None) -> bool:
    """Whether a pause would change anything."""
    return state is not None and state.activity is not Activity.STOPPED


def can_finish(state: WorkerState | None) -> bool:
    """Whether there is something to finish that is not being finished already."""
    return state is not None and can_pause(state) and not is_finishing(state)


def allowed(state: WorkerState) -> str:
    """Return what tasks may use now, and what the machine draws where that is known."""
    if state.allowed_cores == 0:
        return ""
    facts = {
        "cpu": state.allowed_cpu_percent,
        "cores": state.allowed_cores,
        "machine": state.machine_cores,
    }
    parts = [say(texts.ALLOWED, **facts)]
    if state.allowed_gpu_percent:
        parts.append(say(texts.ALLOWED_GPU, gpu=state.allowed_gpu_percent))
    if state.power_w is not None:
        parts.append(say(texts.DRAWS, watts=round(state.power_w)))
    return " · ".join(parts)


def also(state: WorkerState) -> str:
    """Return the other reasons that hold, one a line."""
    return "\n".join(say(texts.ALSO, why=say(reason.sentence)) for reason in other_reasons(state))


def money(units: int, chain: ChainInfo | None) -> str:
    """Return an amount in the chain's token; a dash until the token is known."""
    if chain is None:
        return UNKNOWN
    return format_units(units, chain.token_decimals, chain.token_symbol)


def tooltip(head: Headline, state: WorkerState | None) -> str:
    """Return what the tray icon says when pointed at."""
    lines = [f"{say(texts.APP_NAME)}: {head.title}", f"{head.sentence} {head.until}".rstrip()]
    if state is not None:
        amount = money(state.earnings.today_units, state.market.chain)
        lines.append(say(texts.TODAY_LINE, amount=amount))
    # Some desktops read a tool tip as markup where it looks so, others show it as it is.
    return "\n".join(lines).replace("<", "‹")


def notices(state: WorkerState) -> tuple[str, ...]:
    """Return what the owner should know: warnings, the market, runtimes that do not work."""
    sentences = list(state.warnings)
    if state.market.note is not None and state.market.note != state.reason.sentence:
        sentences.append(state.market.note)
    sentences.extend(runtime.note for runtime in state.runtimes if not runtime.works)
    return tuple(say(sentence) for sentence in sentences)
