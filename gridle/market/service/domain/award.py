"""What a payer owes a payee, as one cumulative amount that only grows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gridle.market.protocol.ids import Address, Units
from gridle.market.protocol.money import Voucher


@dataclass(frozen=True)
class Pair:
    """A payer and a payee: `cumulative_units` promised in all, `claimed_units` paid on chain."""

    payer: Address
    payee: Address
    cumulative_units: Units
    claimed_units: Units

    @property
    def outstanding_units(self) -> Units:
        """Promised and not yet paid."""
        return max(0, self.cumulative_units - self.claimed_units)

    def voucher(self) -> Voucher:
        """Return the promise that covers everything so far, unsigned."""
        return Voucher(self.payer, self.payee, self.cumulative_units)


def awarded(pair: Pair, price_units: Units) -> Pair:
    """Return the pair after one more accepted task."""
    return replace(pair, cumulative_units=pair.cumulative_units + price_units)


def claimed(pair: Pair, claimed_units: Units) -> Pair | None:
    """Return the pair after the chain said what was claimed; None where that is no news."""
    if claimed_units <= pair.claimed_units:
        return None
    return replace(pair, claimed_units=claimed_units)
