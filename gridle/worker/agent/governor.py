"""Asks the policy: the owner's wish and limits, the probes' readings, and the allowance now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec

from gridle.worker.agent.ports import MachineProbes
from gridle.worker.agent.roster import Roster
from gridle.worker.ledger.ledger import Ledger
from gridle.worker.policy.allowance import Allowance
from gridle.worker.policy.decide import decide, presence
from gridle.worker.policy.limits import Limits, MiB
from gridle.worker.policy.owner import OwnerWish
from gridle.worker.policy.readings import Presence, Readings

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
        self.allowance: Allowance = decide(limits, self.readings, self.wish, 0.0)

    def refresh(self, roster: Roster, now: float) -> None:
        """Read the probes and decide again."""
        held_bytes = sum(task.usage.peak_memory_bytes for task in roster if task.holds_machine)
        self.readings = self._probes.read(roster.cpu_s(), held_bytes)
        self.allowance = decide(self.limits, self.readings, self.wish, now)
        away = presence(self.limits, self.readings) is Presence.AWAY
        runs = any(task.holds_machine for task in roster)
        self._probes.watch_closely(runs and away)

    @property
    def memory_limit_bytes(self) -> int:
        """The owner's own limit on memory, whatever else uses the machine's."""
        used = presence(self.limits, self.readings) is not Presence.AWAY
        reduced = used and not self.limits.pause_when_used
        budget = self.limits.while_in_use if reduced else self.limits.while_away
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

    def _remember(self, wish: OwnerWish) -> None:
        self._ledger.put(_WISH, msgspec.json.encode(wish).decode())
        self.wish = wish


def _read_wish(ledger: Ledger) -> OwnerWish:
    text = ledger.get(_WISH)
    if text is None:
        return OwnerWish(started=False)
    return msgspec.json.decode(text, type=OwnerWish)
