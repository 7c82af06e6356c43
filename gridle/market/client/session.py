"""A profile at a market: what every `gridle job` command opens first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gridle.market.chain.hub import Hub
from gridle.market.chain.wallet import Wallet
from gridle.market.client.http import SignedHttp
from gridle.market.client.market_client import MarketClient
from gridle.market.client.profile import Profile
from gridle.market.client.requestor import Requestor
from gridle.market.protocol.errors import RefusedError
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.messages import PROTOCOL_VERSION, MarketInfo


@dataclass(frozen=True)
class Session:
    """An open talk with a market; close it, or use it as a context manager."""

    market_url: str
    profile: Profile
    identity: Identity
    client: MarketClient
    info: MarketInfo

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def requestor(self, wallet: Wallet) -> Requestor:
        """Return what can spend from this wallet at this market.

        Raises:
            UnavailableError: the market's chain does not answer.
        """
        hub = Hub([self.info.chain.rpc_url], self.info.chain.hub)
        return Requestor(self.client, wallet, self.identity, hub, self.info)


def open_session(market_url: str, profile_folder: Path) -> Session:
    """Ask the market who it is.

    Raises:
        UnavailableError: it does not answer.
        RefusedError: it speaks another version of the protocol.
    """
    profile = Profile(profile_folder)
    identity = profile.identity()
    client = MarketClient(SignedHttp(market_url, identity))
    try:
        info = _same_protocol(client.info(), market_url)
    except BaseException:
        client.close()
        raise
    return Session(market_url, profile, identity, client, info)


def _same_protocol(info: MarketInfo, market_url: str) -> MarketInfo:
    if info.protocol_version != PROTOCOL_VERSION:
        raise RefusedError(
            f"The market at {market_url} speaks version {info.protocol_version} of the protocol "
            f"and this program version {PROTOCOL_VERSION}; update the older one.",
            f"位于 {market_url} 的市场使用协议版本 {info.protocol_version}，"
            f"本程序为版本 {PROTOCOL_VERSION}；请更新较旧的一方。",
        )
    return info
