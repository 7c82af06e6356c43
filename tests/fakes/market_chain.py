"""A payment hub in memory, held to the same contract suite as the real chain.

It checks what the hub checks of a voucher: who signed it, the delegate's cap and expiry, the
deposit; and pays the difference to what was claimed before. A payer has one live delegate at
most, and while it has one, the payer's own vouchers pay nothing (nothing is locked here).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from gridle.market.protocol.eip712 import Domain, recover_signer
from gridle.market.protocol.errors import RefusedError, UnavailableError
from gridle.market.protocol.ids import Address, Units
from gridle.market.protocol.job_messages import (
    DepositAuthorization,
    RelayReceipt,
    SignedAppointment,
)
from gridle.market.protocol.money import SignedVoucher

HUB_ADDRESS = "0x" + "11" * 20
TOKEN_ADDRESS = "0x" + "22" * 20
EXIT_DELAY_S = 7 * 86_400


@dataclass(frozen=True)
class FakeDelegation:
    cap_units: Units = 0
    spent_units: Units = 0
    expiry: int = 0


@dataclass
class FakeHub:
    """The state of the hub; `down` makes every call fail as a silent RPC does."""

    now: Callable[[], float]
    down: bool = False
    balances: dict[Address, Units] = field(default_factory=dict)
    claims: dict[tuple[Address, Address], Units] = field(default_factory=dict)
    delegations: dict[tuple[Address, Address], FakeDelegation] = field(default_factory=dict)
    exits: dict[Address, int] = field(default_factory=dict)

    def domain(self) -> Domain:
        self.answer()
        return Domain(31_337, HUB_ADDRESS)

    def chain_id(self) -> int:
        self.answer()
        return 31_337

    def token(self) -> Address:
        self.answer()
        return TOKEN_ADDRESS

    def token_info(self) -> tuple[str, int, str, str]:
        self.answer()
        return ("FAKE", 6, "Fake money", "1")

    def balance_units(self, payer: Address) -> Units:
        self.answer()
        return self.balances.get(payer, 0)

    def claimed_units(self, payer: Address, payee: Address) -> Units:
        self.answer()
        return self.claims.get((payer, payee), 0)

    def delegation(self, payer: Address, delegate: Address) -> FakeDelegation:
        self.answer()
        return self.delegations.get((payer, delegate), FakeDelegation())

    def live_delegate(self, payer: Address) -> Address | None:
        """Return who may sign for a payer now."""
        for (one, delegate), told in self.delegations.items():
            if one == payer and told.spent_units < told.cap_units and told.expiry >= self.now():
                return delegate
        return None

    def exit_at(self, payer: Address) -> int | None:
        self.answer()
        return self.exits.get(payer)

    def exit_delay_s(self) -> int:
        self.answer()
        return EXIT_DELAY_S

    def answer(self) -> None:
        """Fail where the chain is down."""
        if self.down:
            raise UnavailableError("The chain does not answer.", "链无响应。")


@dataclass
class FakeRelayer:
    """Transactions on the fake hub, each mined at once."""

    hub: FakeHub
    address: Address = "0x" + "33" * 20
    blocks: int = 0

    def redeem_many(self, vouchers: Sequence[SignedVoucher]) -> RelayReceipt:
        self.hub.answer()
        for signed in vouchers:
            if self._is_signed(signed):
                self._pay(signed)
        return self._mined()

    def deposit(self, authorization: DepositAuthorization) -> RelayReceipt:
        self.hub.answer()
        balances = self.hub.balances
        balances[authorization.payer] = (
            balances.get(authorization.payer, 0) + authorization.value_units
        )
        return self._mined()

    def appoint(self, appointment: SignedAppointment) -> RelayReceipt:
        self.hub.answer()
        told = appointment.appointment
        if recover_signer(told.digest(self.hub.domain()), appointment.signature) != told.payer:
            raise RefusedError("Not signed by the payer.", "没有付款方签名。")
        if self.hub.live_delegate(told.payer) not in (None, told.delegate):
            raise RefusedError("Another delegate still signs.", "仍有其他代理。")
        key = (told.payer, told.delegate)
        before = self.hub.delegations.get(key, FakeDelegation())
        self.hub.delegations[key] = replace(before, cap_units=told.cap_units, expiry=told.expiry)
        return self._mined()

    def _is_signed(self, signed: SignedVoucher) -> bool:
        signer = recover_signer(signed.voucher.digest(self.hub.domain()), signed.signature)
        payer = signed.voucher.payer
        return signer == (self.hub.live_delegate(payer) or payer)

    def _pay(self, signed: SignedVoucher) -> None:
        voucher, hub = signed.voucher, self.hub
        pair = (voucher.payer, voucher.payee)
        due = voucher.cumulative_units - hub.claims.get(pair, 0)
        due = min(due, hub.balances.get(voucher.payer, 0))
        key = (voucher.payer, signed.signer)
        delegation = hub.delegations.get(key)
        if delegation is not None:
            left = delegation.cap_units - delegation.spent_units
            due = 0 if delegation.expiry < hub.now() else min(due, left)
        if due <= 0:
            return
        hub.claims[pair] = hub.claims.get(pair, 0) + due
        hub.balances[voucher.payer] -= due
        if delegation is not None:
            hub.delegations[key] = replace(delegation, spent_units=delegation.spent_units + due)

    def _mined(self) -> RelayReceipt:
        self.blocks += 1
        return RelayReceipt(f"0x{self.blocks:064x}", self.blocks, 60_000)
