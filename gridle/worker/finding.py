"""What the doctor found."""

from __future__ import annotations

from dataclasses import dataclass

from gridle.market.protocol.sentence import Sentence


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    works: bool
    """False only where something is to be done; what is merely not there is no fault."""
    sentence: Sentence
