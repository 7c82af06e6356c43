"""The policy's answer: what tasks may use now, and why."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from gridle.market.protocol.sentence import Sentence


class ReasonCode(StrEnum):
    """Every reason for which the worker works, slows down or pauses."""

    AWAY = "away"
    IN_USE_REDUCED = "in_use_reduced"
    IN_USE = "in_use"
    SESSION_UNSEEN = "session_unseen"
    ON_BATTERY = "on_battery"
    STOPPED_BY_OWNER = "stopped_by_owner"
    PAUSED_BY_OWNER = "paused_by_owner"


class Reason(Struct, frozen=True):
    """Why, in one plain sentence, and until when where that is known."""

    code: ReasonCode
    sentence: Sentence
    until: float | None = None
    """Unix seconds."""


class Allowance(Struct, frozen=True):
    """What all tasks together may use now. `cores` of 0 means: pause everything."""

    cpu_percent: int
    cores: int
    memory_bytes: int
    reasons: tuple[Reason, ...]
    """Never empty: every allowance is explained."""

    @property
    def may_run(self) -> bool:
        """Whether any task may use the CPU now."""
        return self.cores > 0
