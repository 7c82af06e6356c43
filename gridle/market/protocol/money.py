"""Vouchers and the other statements that a wallet signs, with their EIP-712 digests.

The type strings must equal those in PaymentHub.vy; a test compares each digest with the
contract's own.
"""

from __future__ import annotations

from msgspec import Struct

from gridle.market.protocol.eip712 import (
    Domain,
    address_word,
    recover_signer,
    typed_digest,
    uint_word,
)
from gridle.market.protocol.ids import (
    Address,
    PublicKey,
    Sequence,
    Sha256,
    Signature,
    Units,
    UnixTime,
)

VOUCHER_TYPE = "Voucher(address payer,address payee,uint256 cumulative)"
APPOINTMENT_TYPE = (
    "Appointment(address payer,address delegate,uint256 cap,uint256 expiry,uint256 nonce)"
)
ORDER_TYPE = "JobOrder(bytes32 manifest,address payer,uint256 budget,uint256 validUntil)"
CLIENT_KEY_TYPE = "ClientKey(bytes32 clientKey,address payer)"
PAYOUT_CHANGE_TYPE = "PayoutChange(bytes32 node,address payout,uint256 issuedAt)"


class Voucher(Struct, frozen=True):
    """A payer's promise: `payee` has earned `cumulative_units` from `payer` in all, ever."""

    payer: Address
    payee: Address
    cumulative_units: Units

    def digest(self, domain: Domain) -> bytes:
        """Return what the payer or its delegate signs."""
        return typed_digest(
            domain,
            VOUCHER_TYPE,
            address_word(self.payer),
            address_word(self.payee),
            uint_word(self.cumulative_units),
        )


class SignedVoucher(Struct, frozen=True):
    """A voucher that anybody may redeem at the hub, with who signed it (payer or delegate)."""

    voucher: Voucher
    signer: Address
    signature: Signature

    def is_signed_by_signer(self, domain: Domain) -> bool:
        """Tell whether the signature is the named signer's own."""
        return recover_signer(self.voucher.digest(domain), self.signature) == self.signer


class Appointment(Struct, frozen=True):
    """A payer lets `delegate` sign vouchers for it, up to `cap_units` in all, until `expiry`."""

    payer: Address
    delegate: Address
    cap_units: Units
    expiry: UnixTime
    """Unix time in seconds."""
    nonce: Sequence

    def digest(self, domain: Domain) -> bytes:
        """Return what the payer signs."""
        return typed_digest(
            domain,
            APPOINTMENT_TYPE,
            address_word(self.payer),
            address_word(self.delegate),
            uint_word(self.cap_units),
            uint_word(self.expiry),
            uint_word(self.nonce),
        )


class JobOrder(Struct, frozen=True):
    """A payer orders the job of this manifest and stands for its budget."""

    manifest_sha256: Sha256
    payer: Address
    budget_units: Units
    valid_until: UnixTime
    """Unix time in seconds after which the market must refuse this order."""

    def digest(self, domain: Domain) -> bytes:
        """Return what the payer signs."""
        return typed_digest(
            domain,
            ORDER_TYPE,
            bytes.fromhex(self.manifest_sha256),
            address_word(self.payer),
            uint_word(self.budget_units),
            uint_word(self.valid_until),
        )


class SignedOrder(Struct, frozen=True):
    """A job order with its payer's signature; workers check it before they run anything."""

    order: JobOrder
    signature: Signature

    def is_signed_by_payer(self, domain: Domain) -> bool:
        """Tell whether the payer itself signed."""
        return recover_signer(self.order.digest(domain), self.signature) == self.order.payer


def client_key_digest(domain: Domain, client_key: PublicKey, payer: Address) -> bytes:
    """Return what a payer signs to let requests by `client_key` speak for it."""
    return typed_digest(domain, CLIENT_KEY_TYPE, bytes.fromhex(client_key), address_word(payer))


def payout_change_digest(domain: Domain, node: PublicKey, payout: Address, issued_at: int) -> bytes:
    """Return what the old payout wallet signs to move a node's pay to `payout`."""
    return typed_digest(
        domain,
        PAYOUT_CHANGE_TYPE,
        bytes.fromhex(node),
        address_word(payout),
        uint_word(issued_at),
    )
