"""Builds a market out of its parts; nobody else constructs adapters."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from gridle.market.chain.hub import Hub
from gridle.market.chain.relayer import Relayer
from gridle.market.protocol.eip712 import address_of
from gridle.market.protocol.ids import Address
from gridle.market.protocol.messages import ChainInfo
from gridle.market.service.blob_files import BlobFiles
from gridle.market.service.chain_port import HubPort, RelayerPort
from gridle.market.service.keys import load_key
from gridle.market.service.settings import Settings
from gridle.market.service.store import attempts
from gridle.market.service.store.database import Database
from gridle.market.service.usecases.market import Delegate, Market
from gridle.market.service.verification import RequestorCheck


def open_market(home: Path, settings: Settings, hub_address: Address) -> Market:
    """Open the market of a home folder, with the real chain behind it.

    Raises:
        CorruptStateError: a file of the home is damaged; it is left as it is.
        UnavailableError: the chain does not answer.
    """
    hub = Hub([settings.rpc_url], hub_address)
    relayer = Relayer(hub, load_key(home / "relayer.key"))
    return build_market(home, settings, hub_address, hub, relayer)


def build_market(
    home: Path,
    settings: Settings,
    hub_address: Address,
    hub: HubPort,
    relayer: RelayerPort,
    now: Callable[[], float] = time.time,
) -> Market:
    """Build a market on a hub and a relayer; `now` tells Unix seconds."""
    delegate_key = load_key(home / "delegate.key")
    database = Database(home / "market.db")
    domain = hub.domain()
    symbol, decimals, _name, _version = hub.token_info()
    market = Market(
        settings=settings,
        database=database,
        blobs=BlobFiles(home / "blobs"),
        hub=hub,
        relayer=relayer,
        chain=ChainInfo(
            chain_id=hub.chain_id(),
            rpc_url=settings.rpc_url,
            hub=hub_address,
            token=hub.token(),
            token_symbol=symbol,
            token_decimals=decimals,
            is_play_money=settings.is_play_money,
        ),
        domain=domain,
        delegate=Delegate(address_of(delegate_key), delegate_key),
        verification=RequestorCheck(),
        now=now,
    )
    with database.write() as connection:
        # The time in which this market was away is nobody's fault.
        attempts.grant_time(connection, market.now() + settings.lease_s)
    return market
