"""How this market is run, as its operator chose."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 2**20
GIB = 2**30


@dataclass(frozen=True)
class Settings:
    """Durations in seconds, sizes in bytes."""

    name: str = "Gridle market"
    rpc_url: str = ""
    """What the market tells others of the chain's door."""
    is_play_money: bool = False
    lease_s: float = 60.0
    redeem_every_s: float = 5.0
    blob_max_bytes: int = 4 * GIB
    blob_quota_bytes: int = 32 * GIB
    """How much one key may store."""
