"""Asks the policy: the owner's wish and limits, the probes' readings, and the allowance now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import tzinfo

import msgspec

from gridle.worker.agent.ports import MachineProbes
from gridle.worker.agent.roster import Roster
from gridle.worker.ledger.ledger import Ledger
from gridle.worker.policy.allowance import Allowance
from gridle.worker.policy.decide import decide
from gridle.worker.policy.limits import Limits, MiB
from gridle.worker.policy.owner import OwnerWish
from gridle.worker.policy.presence import budget_now, presence
from gridle.worker.policy.readings import Presence, Readings
from gridle.worker.policy.settle import settle
from gridle.worker.policy.steadiness import CALM, Steadiness

_WISH = "owner_wish"


class Governor:
    """What the machine may do, kept up to date."""

    def __init__(
        self, limits: Limits, save: Callable[[Limits], None], probes: MachineProbes, ledger: Ledger
    ) -> None:
        self.limits = limits
        self._save = save
        self._probes = probes
        self._ledger = ledger
        self.wish = _read_wish(ledger)
        self.readings: Readings = probes.read(0.0)
        self._steadiness: Steadiness = settle(CALM, limits, self.readings, 0.0)
        self._looked_at: float | None = None
        self.allowance: Allowance = decide(
            limits, self.readings, self.wish, 0.0, steadiness=self._steadiness
        )

    def refresh(self, roster: Roster, now: float, zone: tzinfo, monotonic_s: float) -> None:
        """Read the probes and decide again."""
        held_bytes = sum(task.usage.peak_memory_bytes for task in roster if task.holds_machine)
        self.readings = self._probes.read(roster.cpu_s(), held_bytes)
        elapsed_s = 0.0 if self._looked_at is None else max(0.0, monotonic_s - self._looked_at)
        self._looked_at = monotonic_s
        self._steadiness = settle(self._steadiness, self.limits, self.readings, elapsed_s)
        self.allowance = decide(
            self.limits, self.readings, self.wish, now, steadiness=self._steadiness, zone=zone
        )
        away = presence(self.limits, self.readings, self._steadiness) is Presence.AWAY
        runs = any(task.holds_machine for task in roster)
        self._probes.watch_closely(runs and away)

    @property
    def memory_limit_bytes(self) -> int:
        """The owner's own limit on memory, whatever else uses the machine's."""
        budget = budget_now(self.limits, self.readings, self._steadiness)
        return budget.memory_mib * MiB

    def set_limits(self, limits: Limits) -> None:
        """Take new limits and remember them.

        Raises:
            UnavailableError: they could not be written; the old ones hold.
        """
        self._save(limits)
        self.limits = limits

    def begin(self) -> None:
        """The owner pressed Start, or resumes."""
        self._remember(OwnerWish(started=True))

    def pause(self, until: float | None) -> None:
        """The owner pressed Pause; None means until Start."""
        self._remember(replace(self.wish, paused=True, paused_until=until))

    def finish(self) -> None:
        """The owner wants what runs to be done, nothing new, and then rest."""
        self._remember(replace(self.wish, finishing=True))

    def rest_if_finished(self, roster: Roster) -> None:
        """Count as stopped once everything that the owner wanted finished is."""
        if self.wish.finishing and not any(True for _ in roster):
            self._remember(OwnerWish(started=False))

    def _remember(self, wish: OwnerWish) -> None:
        self._ledger.put(_WISH, msgspec.json.encode(wish).decode())
        self.wish = wish


def _read_wish(ledger: Ledger) -> OwnerWish:
    text = ledger.get(_WISH)
    if text is None:
        return OwnerWish(started=False)
    return msgspec.json.decode(text, type=OwnerWish)
