"""Whether work pays: what a task earns in an hour, against the electricity that it burns.

An hour here is an hour of one busy core. A task's energy does not depend on how gently it is run:
at half the speed it takes twice the time at half the power, so that the comparison holds under
every limit. A task that keeps several cores busy earns and burns for each.

All money is in millionths (micros) of the owner's currency, in integers. What is earned is
rounded down and what is spent is rounded up, so that no rounding makes a loss look like a gain.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from msgspec import Struct

from gridle.market.protocol.ids import MAX_UNITS
from gridle.worker.policy.electricity import Electricity
from gridle.worker.policy.power_price import PowerPrice

_HOUR_S = 3600
_MW_PER_KW = 10**6
ASK_AGAIN_S = 86_400.0
LOOK_AHEAD_S = 3600.0
"""About as long as tasks take."""


@dataclass(frozen=True)
class Terms:
    """On what this machine works now."""

    electricity: Electricity
    price: PowerPrice
    core_mw: int
    """The power of one busy core."""
    token_decimals: int
    speed_permille: int = 1000
    """How fast one core here is; 1000 is the reference machine's."""

    @property
    def cost_micros_per_hour(self) -> int:
        """What one busy core's electricity costs in an hour, rounded up."""
        return -(-self.core_mw * self.price.micros_per_kwh // _MW_PER_KW)


class Worth(Struct, frozen=True):
    """What an hour of a task's work brings, in micros, and whether the owner wants it."""

    pay_micros_per_hour: int
    cost_micros_per_hour: int
    floor_micros_per_hour: int
    may_lose: bool
    until: float
    """Unix seconds until which this holds: the price of electricity changes then."""

    @property
    def net_micros_per_hour(self) -> int:
        """What is left; negative where it costs more than it pays."""
        return self.pay_micros_per_hour - self.cost_micros_per_hour

    @property
    def is_enough(self) -> bool:
        """Whether the task may run now: it leaves the owner's floor, or may lose."""
        return self.may_lose or self.net_micros_per_hour >= self.floor_micros_per_hour


def price_now(electricity: Electricity, at_tariff: PowerPrice | None, now: float) -> PowerPrice:
    """Return the tariff's price where there is one, else the owner's one price for all hours."""
    if at_tariff is not None:
        return at_tariff
    return PowerPrice(electricity.price_micros_per_kwh, "", now + ASK_AGAIN_S)


def worth(terms: Terms, price_units: int, reference_s: float, *, seen_core_s: float = 0.0) -> Worth:
    """Say what an hour of this task brings.

    Args:
        terms: on what this machine works now.
        price_units: the task's whole pay, in the token's base units.
        reference_s: its estimated core-seconds on the reference machine.
        seen_core_s: the core-seconds that tasks of the same job have really taken here, where
            some have ended. The larger of the two counts, so that a requestor who says too
            little is believed once at most.
    """
    expected_s = Fraction(reference_s) * 1000 / terms.speed_permille
    core_s = max(expected_s, Fraction(seen_core_s))
    electricity = terms.electricity
    whole_micros = Fraction(
        price_units * electricity.token_value_micros, _units_per_token(terms.token_decimals)
    )
    return Worth(
        pay_micros_per_hour=math.floor(whole_micros * _HOUR_S / core_s),
        cost_micros_per_hour=terms.cost_micros_per_hour,
        floor_micros_per_hour=electricity.floor_micros_per_hour,
        may_lose=electricity.may_lose,
        until=terms.price.until,
    )


def least_ask_units_per_core_hour(terms: Terms) -> int:
    """Return the least rate, per hour of a reference core, at which work is enough now.

    It is what a lease request asks (`ask_units_per_core_hour`): the market sends only tasks of
    this rate or more, and for just those is `worth(…).is_enough` true.
    """
    electricity = terms.electricity
    if electricity.may_lose:
        return 0
    needed = electricity.floor_micros_per_hour + terms.cost_micros_per_hour
    units_per_hour_here = Fraction(
        needed * 10**terms.token_decimals, electricity.token_value_micros
    )
    ask = units_per_hour_here * 1000 / terms.speed_permille
    return min(-(-ask.numerator // ask.denominator), MAX_UNITS)


def dearest_within(prices: Callable[[float], PowerPrice], now: float) -> PowerPrice:
    """Return the highest price of the next `LOOK_AHEAD_S`: the one to ask the market by.

    A task taken shortly before a price goes up would be paused there, and given back with its
    work lost, unless it pays then, too. `prices` gives the price at any time in Unix seconds.
    """
    dearest = price = prices(now)
    while now < price.until < now + LOOK_AHEAD_S:
        price = prices(price.until)
        dearest = max(dearest, price, key=lambda each: each.micros_per_kwh)
    return dearest


def pay_micros(electricity: Electricity, token_decimals: int, price_units: int) -> int:
    """Return what this many base units are worth, rounded down."""
    return price_units * electricity.token_value_micros // _units_per_token(token_decimals)


def waits_until(electricity: Electricity, price: PowerPrice) -> float | None:
    """Return until when new work waits for the day's cheapest hours; None: it need not wait.

    The hours are those of the local day whose price is the day's lowest or within
    `CHEAP_TOLERANCE_PERCENT` of it. Every day has some, so that no wait is longer than from one
    day's to the next's. What runs already goes on while it is worth it: to stop it would throw
    away the electricity that it has burnt.
    """
    return price.cheap_at if electricity.wait_for_cheap_hours else None


def _units_per_token(decimals: int) -> int:
    units: int = 10**decimals
    return units
