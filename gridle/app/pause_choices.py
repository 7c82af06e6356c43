"""For how long the owner may pause with one click. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from enum import Enum
from typing import Final

from gridle.app import texts

_MORNING: Final = time(8)
_NIGHT_ENDS: Final = time(4)
"""Before this, whoever says tomorrow means the morning that comes."""


class PauseChoice(Enum):
    """What is offered; the value is its words."""

    HALF_HOUR = texts.PAUSE_HALF_HOUR
    HOUR = texts.PAUSE_HOUR
    MORNING = texts.PAUSE_MORNING

    def seconds(self, now: datetime) -> float:
        """Return how long this pause is, begun at `now` in this computer's own time."""
        if self is PauseChoice.HALF_HOUR:
            return timedelta(minutes=30).total_seconds()
        if self is PauseChoice.HOUR:
            return timedelta(hours=1).total_seconds()
        day = now.date() if now.time() < _NIGHT_ENDS else now.date() + timedelta(days=1)
        # As the system's clock will show it, also where the night is an hour longer or shorter.
        return datetime.combine(day, _MORNING).astimezone().timestamp() - now.timestamp()
