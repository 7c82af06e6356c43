"""Amounts of money for people; inside they stay integers."""

from __future__ import annotations

from gridle.market.protocol.messages import ChainInfo


def money(units: int, chain: ChainInfo) -> str:
    """Return base units as an exact decimal with the token's symbol, such as `0.0035 pUSD`."""
    whole, part = divmod(abs(units), 10**chain.token_decimals)
    digits = str(part).rjust(chain.token_decimals, "0").rstrip("0") if part else ""
    number = f"{whole}.{digits}" if digits else str(whole)
    return f"{'-' if units < 0 else ''}{number} {chain.token_symbol}"
