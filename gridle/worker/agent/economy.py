"""What work costs and brings on this machine: the price now, each task's worth, its energy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gridle.market.protocol.errors import GridleError
from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.sentence import Sentence
from gridle.worker.agent.energy import EnergyMeter
from gridle.worker.agent.roster import LiveTask, Roster
from gridle.worker.ledger.energy import EnergyTotals, TaskEnergy
from gridle.worker.ledger.ledger import Ledger
from gridle.worker.policy.electricity import Electricity
from gridle.worker.policy.power_price import PowerPrice
from gridle.worker.policy.profit import (
    Terms,
    Worth,
    dearest_within,
    least_ask_units_per_core_hour,
    pay_micros,
    price_now,
    worth,
)
from gridle.worker.policy.readings import Readings

if TYPE_CHECKING:
    from gridle.worker.policy.tariff import Tariff

_REFUSED_REST_S = 60.0
"""After a task was refused for its price; the market would offer it again at once."""


class Economy:
    """Only the agent's thread calls it. Without a chain's token, nothing can be judged yet."""

    def __init__(self, home: Path, ledger: Ledger, electricity: Electricity) -> None:
        self._home = home
        self._ledger = ledger
        self._electricity = electricity
        self._tariff: Tariff | None = None
        self._price: PowerPrice | None = None
        self._priced_at = 0.0
        self._settled: set[LeaseId] = set()
        self._rest_until = 0.0
        self._totals: tuple[tuple[float, str], EnergyTotals] | None = None
        self.token_decimals: int | None = None
        self.fault: Sentence | None = None
        """Why the owner's tariff cannot be used; their one price holds instead."""
        self._meter = EnergyMeter(electricity.core_power_mw, self.price)
        self._load()

    def check(self, electricity: Electricity) -> None:
        """Make sure that these settings can be used.

        Raises:
            InvalidInputError: their tariff is not there, malformed, or in another currency.
            UnavailableError: its file cannot be read.
        """
        if electricity != self._electricity:
            self._read(electricity)

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
            self._tariff = self._read(self._electricity)
        except GridleError as error:
            self._tariff, self.fault = None, error.sentence

    def _read(self, electricity: Electricity) -> Tariff | None:
        if not electricity.tariff:
            return None
        from gridle.worker.tariff_files import tariff_of  # noqa: PLC0415 - 1.4 MB that many never need

        return tariff_of(electricity, self._home)

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

    def pays(self, task: LiveTask, now: float) -> bool:
        """Say whether a task leaves the owner's floor at this hour."""
        if self._is_free:
            return True
        found = self._worth(task, now)
        return found is not None and found.is_enough

    def refused(self, now: float) -> None:
        """Note that a task was given back for its price."""
        self._rest_until = now + _REFUSED_REST_S

    def move_times(self, jumped_s: float) -> None:
        """Take in that the clock was set by so much."""
        self._rest_until += jumped_s

    def wants_work(self, now: float) -> bool:
        """Say whether to ask for work: prices are known, and none was just refused."""
        known = self.fault is None or self._electricity.may_lose
        return known and now >= self._rest_until

    def ask_units_per_core_hour(self, now: float) -> int:
        """Return the least rate at which work is wanted now, and soon."""
        if self._is_free:
            return 0
        terms = self._terms(dearest_within(self.price, now))
        return 0 if terms is None else least_ask_units_per_core_hour(terms)

    @property
    def _is_free(self) -> bool:
        """Whether every pay is enough: no price, and no floor."""
        return not self.has_price and self._electricity.floor_micros_per_hour == 0

    def _worth(self, task: LiveTask, now: float) -> Worth | None:
        terms = self._terms(self.price(now))
        if terms is None:
            return None
        reference_s = task.manifest.resources.reference_s
        return worth(terms, task.lease.price_units, reference_s, seen_core_s=task.seen_core_s)

    def measure(self, roster: Roster, readings: Readings, now: float) -> None:
        """Charge every running task for what it has used since the last call."""
        live = {task.lease_id for task in roster}
        for lease_id in self._settled - live:
            self._meter.forget(lease_id)
        self._settled &= live
        cpu_s = {task.lease_id: task.usage.cpu_s for task in roster if task.holds_machine}
        self._meter.update(now, cpu_s, readings)

    def settle(self, task: LiveTask, now: float, *, has_result: bool) -> None:
        """Write what an ended task used and cost, and what its pay is worth; safe to repeat.

        Raises:
            UnavailableError: the ledger cannot be written.
        """
        spent = self._meter.settle(task.lease_id, task.usage.cpu_s, now)
        self._settled.add(task.lease_id)
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
            self._ledger.energy.record(task.lease_id, energy, now)
            self._totals = None

    def today(self, midnight: float) -> EnergyTotals:
        """Add up what tasks used since the owner's midnight (Unix seconds)."""
        key = (midnight, self._electricity.currency)
        if self._totals is None or self._totals[0] != key:
            self._totals = (key, self._ledger.energy.totals(key[1], midnight))
        return self._totals[1]

    def _terms(self, price: PowerPrice) -> Terms | None:
        if self.token_decimals is None:
            return None
        return Terms(self._electricity, price, self._meter.core_mw, self.token_decimals)
