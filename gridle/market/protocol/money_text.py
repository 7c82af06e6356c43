"""Amounts of money for people: base units to `0.0123 pUSD`, without floating point."""

from __future__ import annotations

SHOWN_DECIMALS = 6
LEAST_DECIMALS = 2
UNKNOWN = "–"


def format_units(units: int, decimals: int, symbol: str) -> str:
    """Return an amount of base units in the token's own unit, never rounded up.

    At least two decimals are shown and at most six; what is smaller than all of those and not
    zero is shown as less than the smallest.
    """
    whole, fraction = divmod(units, 10**decimals)
    digits = f"{fraction:0{decimals}d}" if decimals else ""
    shown = digits[:SHOWN_DECIMALS].rstrip("0").ljust(LEAST_DECIMALS, "0")
    if units and not whole and not shown.strip("0"):
        return f"< {_smallest()} {symbol}"
    return f"{whole:,}.{shown} {symbol}"


def _smallest() -> str:
    return "0." + "1".rjust(SHOWN_DECIMALS, "0")
