"""What a person is told about the worker: pure, the same in window and tray."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gridle.app import texts
from gridle.app.link_status import LinkStatus
from gridle.app.money_format import UNKNOWN, format_units
from gridle.app.texts import say
from gridle.market.protocol.messages import ChainInfo
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.messages import Activity, WorkerState
from gridle.worker.policy.allowance import ReasonCode


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


_TITLES = {
    Activity.WORKING: (Look.WORKING, texts.WORKING),
    Activity.WAITING: (Look.WAITING, texts.WAITING),
    Activity.PAUSED: (Look.PAUSED, texts.PAUSED),
    Activity.STOPPED: (Look.STOPPED, texts.STOPPED),
}
_BY_OWNER = (ReasonCode.STOPPED_BY_OWNER, ReasonCode.PAUSED_BY_OWNER)


def headline(status: LinkStatus, state: WorkerState | None, absence: Sentence) -> Headline:
    """Say what the worker does; `absence` is the sentence for when it cannot be heard."""
    if state is None:
        searching = status is LinkStatus.SEARCHING
        why = texts.WORKER_SEARCHING if searching else absence
        return Headline(Look.ABSENT, say(texts.NOT_RUNNING), say(why), offers_start=True)
    look, title = _TITLES[state.activity]
    return Headline(
        look, say(title), reason_text(state), offers_start=state.reason.code in _BY_OWNER
    )


def reason_text(state: WorkerState) -> str:
    """Return the deciding reason, with the clock time where the owner chose an end."""
    words = say(state.reason.sentence)
    until = state.reason.until
    if until is None or state.reason.code is not ReasonCode.PAUSED_BY_OWNER:
        return words
    clock = datetime.fromtimestamp(until).astimezone().strftime("%H:%M")
    return f"{words} {say(texts.UNTIL, time=clock)}"


def money(units: int, chain: ChainInfo | None) -> str:
    """Return an amount in the chain's token; a dash until the token is known."""
    if chain is None:
        return UNKNOWN
    return format_units(units, chain.token_decimals, chain.token_symbol)


def tooltip(head: Headline, state: WorkerState | None) -> str:
    """Return what the tray icon says when pointed at."""
    lines = [f"{say(texts.APP_NAME)}: {head.title}", head.sentence]
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
