"""What work costs and brings on this machine: the price now, each task's worth, its energy."""

from __future__ import annotations

from pathlib import Path

from gridle.market.protocol.errors import GridleError
from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.sentence import Sentence
from gridle.worker.agent.energy import EnergyMeter, Spent
from gridle.worker.agent.roster import LiveTask, Roster
from gridle.worker.ledger.energy import EnergyTotals, TaskEnergy
from gridle.worker.ledger.ledger import Ledger
from gridle.worker.policy.electricity import Electricity
from gridle.worker.policy.power_price import PowerPrice
from gridle.worker.policy.profit import (
    Terms,
    Worth,
    least_ask_units_per_core_hour,
    pay_micros,
    price_now,
    worth,
)
from gridle.worker.policy.readings import Readings
from gridle.worker.policy.tariff import Tariff
from gridle.worker.tariff_files import tariff_of


class Economy:
    """Only the agent's thread calls it. Without a chain's token, nothing can be judged yet."""

    def __init__(self, home: Path, ledger: Ledger, electricity: Electricity) -> None:
        self._home = home
        self._ledger = ledger
        self._electricity = electricity
        self._tariff: Tariff | None = None
        self._price: PowerPrice | None = None
        self._priced_at = 0.0
        self._unwritten: dict[LeaseId, Spent] = {}
        self._totals: tuple[tuple[float, str], EnergyTotals] | None = None
        self.token_decimals: int | None = None
        self.fault: Sentence | None = None
        """Why the owner's tariff cannot be used; their one price holds instead."""
        self._meter = EnergyMeter(electricity.core_power_mw, self.price)
        self._load()

    def follow(self, electricity: Electricity) -> None:
        """Take the owner's settings; a tariff is read again only where they changed."""
        if electricity != self._electricity:
            self._electricity = electricity
            self._meter.owners_core_mw = electricity.core_power_mw
            self._load()

    def _load(self) -> None:
        self._price = None
        self.fault = None
        try:
            self._tariff = tariff_of(self._electricity, self._home)
        except GridleError as error:
            self._tariff, self.fault = None, error.sentence

    def price(self, now: float) -> PowerPrice:
        """Return what electricity costs at `now` (Unix seconds)."""
        known = self._price
        if known is None or not self._priced_at <= now < known.until:
            at_tariff = self._tariff.price_at(now) if self._tariff else None
            known = self._price = price_now(self._electricity, at_tariff, now)
            self._priced_at = now
        return known

    @property
    def has_price(self) -> bool:
        """Whether the owner said what electricity costs."""
        return self._tariff is not None or self._electricity.price_micros_per_kwh > 0

    def worth(self, task: LiveTask, now: float) -> Worth | None:
        """Say what an hour of this task brings now; None where the token is not known yet."""
        terms = self._terms(now)
        if terms is None:
            return None
        reference_s = task.manifest.resources.reference_s
        spent_s = task.usage.cpu_s
        return worth(terms, task.lease.price_units, reference_s, spent_core_s=spent_s)

    def pays(self, task: LiveTask, now: float) -> bool:
        """Say whether a task leaves the owner's floor at this hour."""
        found = self.worth(task, now)
        return found is None or found.is_enough

    def ask_units_per_core_hour(self, now: float) -> int:
        """Return the least rate at which work is wanted now."""
        terms = self._terms(now)
        return 0 if terms is None else least_ask_units_per_core_hour(terms)

    def measure(self, roster: Roster, readings: Readings, now: float) -> None:
        """Charge every live task for what it has used since the last call."""
        cpu_s = {task.lease_id: task.usage.cpu_s for task in roster}
        self._meter.update(now, cpu_s, readings)

    @property
    def core_power_w(self) -> float:
        """The power of one busy core, as measured or estimated."""
        return self._meter.core_mw / 1000

    def settle(self, task: LiveTask, now: float, *, has_result: bool) -> None:
        """Write what an ended task used and cost, and what its pay is worth.

        Called again after it failed, it writes the same.

        Raises:
            UnavailableError: the ledger cannot be written.
        """
        lease_id = task.lease_id
        if lease_id not in self._unwritten:
            self._unwritten[lease_id] = self._meter.end(lease_id, task.usage.cpu_s, now)
        spent = self._unwritten[lease_id]
        pay = 0
        if has_result and self.token_decimals is not None:
            pay = pay_micros(self._electricity, self.token_decimals, task.lease.price_units)
        energy = TaskEnergy(
            energy_mj=spent.energy_mj,
            cost_micros=spent.cost_micros,
            pay_micros=pay,
            currency=self._electricity.currency,
            is_measured=self._meter.power.is_measured,
        )
        if has_result or energy.energy_mj:
            self._ledger.energy.record(lease_id, energy, now)
            self._totals = None
        del self._unwritten[lease_id]

    def today(self, midnight: float) -> EnergyTotals:
        """Add up what tasks used since the owner's midnight (Unix seconds)."""
        key = (midnight, self._electricity.currency)
        if self._totals is None or self._totals[0] != key:
            self._totals = (key, self._ledger.energy.totals(key[1], midnight))
        return self._totals[1]

    def _terms(self, now: float) -> Terms | None:
        if self.token_decimals is None:
            return None
        price, core_mw = self.price(now), self._meter.core_mw
        return Terms(self._electricity, price, core_mw, self.token_decimals)
