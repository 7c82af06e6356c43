"""What a kilowatt-hour costs at one moment."""

from __future__ import annotations

from msgspec import Struct


class PowerPrice(Struct, frozen=True):
    """A price in millionths of the tariff's currency, and for how long it holds."""

    micros_per_kwh: int
    band: str
    """The tariff's own word, such as `valley`; empty where there is no tariff."""
    until: float
    """Unix seconds at which it changes; where nothing changes within days, when to ask again."""
    cheap_at: float | None = None
    """When the cheapest hours of a local day next begin, in Unix seconds; None while it is one."""
