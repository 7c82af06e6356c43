"""Asks the policy: the owner's wish and limits, the probes' readings, and the allowance now."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from gridle.worker.agent.economy import Economy
from gridle.worker.agent.parts import Parts
from gridle.worker.agent.roster import Roster
from gridle.worker.ledger.ledger import Ledger
from gridle.worker.policy.allowance import Allowance
from gridle.worker.policy.decide import decide
from gridle.worker.policy.limits import Limits, MiB
from gridle.worker.policy.owner import OwnerWish
from gridle.worker.policy.presence import budget_now, presence
from gridle.worker.policy.readings import OurUse, Presence, Readings
from gridle.worker.policy.settle import settle
from gridle.worker.policy.steadiness import CALM, Steadiness
from gridle.worker.probes.machine.clock_watch import clock_change

_WISH = "owner_wish"


class Governor:
    """What the machine may do, kept up to date. Only the agent's thread calls it."""

    def __init__(self, parts: Parts, economy: Economy) -> None:
        self._parts = parts
        self._economy = economy
        self.limits = parts.limits
        self.wish = _read_wish(parts.ledger)
        parts.probes.look_for(self.limits.exclusive_programs)
        self.readings: Readings = parts.probes.read(OurUse())
        self._clocks = parts.clocks()
        self._steadiness: Steadiness = settle(CALM, self.limits, self.readings, 0.0)
        self.allowance: Allowance = self._decide(parts.clock())

    def refresh(self, roster: Roster, volume_bytes: int, now: float) -> float:
        """Read the probes and decide again; returns by how many seconds the clock was set."""
        held_bytes = sum(task.usage.peak_memory_bytes for task in roster if task.holds_machine)
        use = OurUse(roster.cpu_s(), held_bytes, volume_bytes)
        self.readings = self._parts.probes.read(use)
        before, self._clocks = self._clocks, self._parts.clocks()
        change = clock_change(before, self._clocks)
        if change.jumped_s:
            self._keep_pause_as_long(change.jumped_s)
        self._steadiness = settle(
            self._steadiness,
            self.limits,
            self.readings,
            max(0.0, self._clocks.awake_s - before.awake_s),
            woke=change.slept_s > 0,
        )
        self.allowance = self._decide(now)
        away = presence(self.limits, self.readings, self._steadiness) is Presence.AWAY
        runs = any(task.holds_machine for task in roster)
        self._parts.probes.watch_closely(runs=runs, away=away)
        return change.jumped_s

    @property
    def memory_limit_bytes(self) -> int:
        """The owner's own limit on memory, whatever else uses the machine's."""
        budget = budget_now(self.limits, self.readings, self._steadiness)
        return budget.memory_mib * MiB

    def set_limits(self, limits: Limits) -> None:
        """Take new limits and remember them.

        Raises:
            InvalidInputError: their tariff cannot be used; the old ones hold.
            UnavailableError: they could not be written; the old ones hold.
        """
        self._economy.check(limits.electricity)
        self._parts.save_limits(limits)
        self.limits = limits
        self._economy.follow(limits.electricity)
        self._parts.probes.look_for(limits.exclusive_programs)

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
        if self.wish.finishing and self.wish.started and not any(True for _ in roster):
            self._remember(OwnerWish(started=False))

    def _decide(self, now: float) -> Allowance:
        return decide(
            self.limits,
            self.readings,
            self.wish,
            now,
            steadiness=self._steadiness,
            price=self._economy.price(now),
            zone=self._parts.zone(),
        )

    def _keep_pause_as_long(self, jumped_s: float) -> None:
        """A pause for an hour lasts an hour, whoever sets the clock meanwhile."""
        if self.wish.paused_until is not None:
            self.wish = replace(self.wish, paused_until=self.wish.paused_until + jumped_s)

    def _remember(self, wish: OwnerWish) -> None:
        self._parts.ledger.put(_WISH, msgspec.json.encode(wish).decode())
        self.wish = wish


def _read_wish(ledger: Ledger) -> OwnerWish:
    text = ledger.get(_WISH)
    if text is None:
        return OwnerWish(started=False)
    return msgspec.json.decode(text, type=OwnerWish)
