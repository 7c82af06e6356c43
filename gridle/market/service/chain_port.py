"""What the market needs of the chain; `gridle.market.chain` is the real one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gridle.market.protocol.eip712 import Domain
from gridle.market.protocol.ids import Address, Units
from gridle.market.protocol.job_messages import (
    DepositAuthorization,
    RelayReceipt,
    SignedAppointment,
)
from gridle.market.protocol.money import SignedVoucher


class DelegationView(Protocol):
    """A payer's appointment of a delegate: cap and use in units, expiry in Unix seconds."""

    @property
    def cap_units(self) -> Units:
        """How much the delegate may sign for in all."""

    @property
    def spent_units(self) -> Units:
        """How much of it was redeemed."""

    @property
    def expiry(self) -> int:
        """Until when it may."""


class HubPort(Protocol):
    """Reads of the payment hub. Every method raises UnavailableError when no RPC answers."""

    def domain(self) -> Domain:
        """Return the hub's EIP-712 domain."""

    def chain_id(self) -> int:
        """Return the chain's id."""

    def token(self) -> Address:
        """Return the token's address."""

    def token_info(self) -> tuple[str, int, str, str]:
        """Return the token's symbol, decimals, name and EIP-712 version."""

    def balance_units(self, payer: Address) -> Units:
        """Return a payer's deposit."""

    def claimed_units(self, payer: Address, payee: Address) -> Units:
        """Return what was paid of a pair in all."""

    def delegation(self, payer: Address, delegate: Address) -> DelegationView:
        """Return the appointment of a delegate; zeros where there is none."""

    def exit_at(self, payer: Address) -> int | None:
        """Return from when a payer may leave, or None where it has not asked to."""

    def exit_delay_s(self) -> int:
        """Return how long leaving takes."""


class RelayerPort(Protocol):
    """Transactions that the market pays the gas of.

    Every method raises UnavailableError when no RPC answers and RefusedError when the hub
    refuses.
    """

    @property
    def address(self) -> Address:
        """Who pays the gas."""

    def redeem_many(self, vouchers: Sequence[SignedVoucher]) -> RelayReceipt:
        """Redeem vouchers in one transaction; returns once it is mined."""

    def deposit(self, authorization: DepositAuthorization) -> RelayReceipt:
        """Deposit by a payer's EIP-3009 authorization; returns once it is mined."""

    def appoint(self, appointment: SignedAppointment) -> RelayReceipt:
        """Appoint a delegate by a payer's signature; returns once it is mined."""
