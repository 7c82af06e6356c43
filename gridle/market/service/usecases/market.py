"""What every use case works with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from gridle.market.protocol.eip712 import Domain, sign_digest
from gridle.market.protocol.ids import Address
from gridle.market.protocol.messages import ChainInfo
from gridle.market.protocol.money import SignedVoucher, Voucher
from gridle.market.service.bells import Bells
from gridle.market.service.blob_files import BlobFiles
from gridle.market.service.chain_port import HubPort, RelayerPort
from gridle.market.service.presence import Presence
from gridle.market.service.settings import Settings
from gridle.market.service.store.database import Database
from gridle.market.service.verification import Verification


@dataclass(frozen=True)
class Delegate:
    """The key that signs vouchers for the payers that appointed it."""

    address: Address
    private_key: bytes = field(repr=False)

    def sign(self, voucher: Voucher, domain: Domain) -> SignedVoucher:
        """Return the voucher signed."""
        signature = sign_digest(self.private_key, voucher.digest(domain))
        return SignedVoucher(voucher, self.address, signature)


@dataclass(frozen=True)
class Market:
    """The market's parts, made by `bootstrap`."""

    settings: Settings
    database: Database
    blobs: BlobFiles
    hub: HubPort
    relayer: RelayerPort
    chain: ChainInfo
    domain: Domain
    delegate: Delegate
    verification: Verification
    now: Callable[[], float]
    bells: Bells = field(default_factory=Bells)
    presence: Presence = field(default_factory=Presence)
    money_moves: threading.Lock = field(default_factory=threading.Lock)
    """Held while a redemption is on its way, so that nobody counts the same money twice."""
