"""A report on its way to the market, with the file that goes before it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gridle.market.protocol.messages import Returned, TaskReport
from gridle.market.protocol.sentence import Sentence


@dataclass(frozen=True)
class Parcel:
    """`report` is what was handed to us, and what its answer names."""

    report: TaskReport
    archive: Path | None
    lacking: Sentence | None = None
    """Why a return goes without its checkpoint, where it does."""

    @property
    def sent(self) -> TaskReport:
        """What the market gets to see."""
        is_bare = self.lacking is not None and isinstance(self.report, Returned)
        return Returned(self.report.lease_id) if is_bare else self.report
