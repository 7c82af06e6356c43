"""Which market a requestor means: the one named, or the practice that runs on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from gridle.market.protocol.codec import MAX_MESSAGE_BYTES
from gridle.market.protocol.errors import UnavailableError
from gridle.practice_home import FACTS_NAME, PracticeFacts, practice_home

VARIABLE = "GRIDLE_MARKET"


def choose_market(option: str | None) -> str:
    """Return the market's URL: the option, else GRIDLE_MARKET, else the running practice.

    Raises:
        UnavailableError: none is named and no practice runs.
    """
    chosen = option or os.environ.get(VARIABLE)
    if chosen:
        return chosen
    facts = running_practice(practice_home())
    if facts is None:
        raise UnavailableError(
            "No market is named and no practice runs on this machine; start `gridle practice`, "
            "or name a market with --market URL.",
            "没有指定市场，本机也没有运行练习环境；请启动 `gridle practice`，"
            "或用 --market URL 指定市场。",
        )
    return facts.market_url


def running_practice(home: Path) -> PracticeFacts | None:
    """Return how to reach the practice of this home; None where none runs."""
    try:
        with (home / FACTS_NAME).open("rb") as file:
            return msgspec.json.decode(file.read(MAX_MESSAGE_BYTES), type=PracticeFacts)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
