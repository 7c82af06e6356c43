"""What a requestor does: enrol, cover a job with a deposit and a delegate, order, submit."""

from __future__ import annotations

from gridle.market.chain.hub import Hub
from gridle.market.chain.wallet import Wallet
from gridle.market.client.amounts import money
from gridle.market.client.market_client import MarketClient
from gridle.market.client.resolve import ResolvedJob
from gridle.market.protocol.eip712 import Domain
from gridle.market.protocol.errors import RefusedError
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.ids import Address
from gridle.market.protocol.job_messages import JobStatus, PayerAccount, RequestorEnrolment
from gridle.market.protocol.messages import MarketInfo
from gridle.market.protocol.money import Appointment, JobOrder, SignedOrder

DELEGATE_MARGIN_S = 7 * 86400
"""The delegate signs for this long after a job's deadline: the last awards come late."""

DEPOSIT_VALID_S = 3600
"""Until when a deposit that was authorised can be carried to the chain."""


class Requestor:
    """One payer at one market."""

    def __init__(
        self,
        client: MarketClient,
        wallet: Wallet,
        identity: Identity,
        hub: Hub,
        market: MarketInfo,
    ) -> None:
        self._client = client
        self._wallet = wallet
        self._identity = identity
        self._hub = hub
        self._market = market
        self._domain = hub.domain()

    @property
    def payer(self) -> Address:
        """Who pays."""
        return self._wallet.address

    def enrol(self) -> None:
        """Let the client key speak for the payer at this market."""
        signature = self._wallet.sign_client_key(self._identity.public_key, self._domain)
        self._client.enrol(RequestorEnrolment(self.payer, signature))

    def missing_units(self, budget_units: int) -> int:
        """Return by how much the deposit is short of a further budget."""
        return max(0, budget_units - self._client.account(self.payer).available_units)

    def wallet_units(self) -> int:
        """Return what the payer's wallet holds beside its deposit."""
        return self._hub.token_balance_units(self.payer)

    def deposit(self, value_units: int) -> None:
        """Move money from the wallet to the hub; the market carries it, no gas is needed.

        Raises:
            RefusedError: the wallet holds less; the sentence says how to fund it.
            UnavailableError: market or chain do not answer.
        """
        held_units = self.wallet_units()
        if held_units < value_units:
            raise self._short(value_units - held_units)
        token = self._hub.token_info()
        authorization = self._wallet.authorize_deposit(
            Domain(self._domain.chain_id, self._hub.token(), token.name, token.version),
            self._hub.address,
            value_units,
            valid_before=self._hub.block_time() + DEPOSIT_VALID_S,
        )
        self._client.relay_deposit(authorization)

    def appoint(self, resolved: ResolvedJob, now: float, *, cap_units: int = 0) -> None:
        """Let the market sign vouchers for this job, where it cannot already.

        Args:
            resolved: the job that is to be covered.
            now: Unix time in seconds.
            cap_units: appoint for at least this much in all, to ask less often.

        Raises:
            RefusedError: another delegate still signs for this payer; the hub allows one.
            UnavailableError: market or chain do not answer.
        """
        account = self._client.account(self.payer)
        budget_units = resolved.manifest.budget_units
        until = int(now + resolved.manifest.deadline_s) + DELEGATE_MARGIN_S // 2
        if account.delegate_cap_left_units >= budget_units and account.delegate_expiry >= until:
            return
        wanted_units = bound_units(account) + budget_units
        standing = self._hub.delegation(self.payer, self._market.delegate)
        appointment = Appointment(
            payer=self.payer,
            delegate=self._market.delegate,
            cap_units=max(standing.cap_units, standing.spent_units + wanted_units, cap_units),
            expiry=max(standing.expiry, until + DELEGATE_MARGIN_S // 2),
            nonce=self._hub.appointment_nonce(self.payer),
        )
        self._client.relay_appointment(self._wallet.sign_appointment(appointment, self._domain))

    def order(self, resolved: ResolvedJob, now: float) -> SignedOrder:
        """Sign the order of a job; keep it before it is sent."""
        order = JobOrder(
            manifest_sha256=resolved.manifest_sha256,
            payer=self.payer,
            budget_units=resolved.manifest.budget_units,
            valid_until=int(now + resolved.manifest.deadline_s),
        )
        return self._wallet.sign_order(order, self._domain)

    def has_signed(self, order: SignedOrder) -> bool:
        """Tell whether an order is this payer's own, for this market's hub."""
        return order.order.payer == self.payer and order.is_signed_by_payer(self._domain)

    def submit(self, resolved: ResolvedJob, order: SignedOrder) -> JobStatus:
        """Upload what the job needs and submit it; repeating gives the same job.

        Raises:
            GridleError: the market refuses, or does not answer.
            ValueError: the data of a sealed job lies open; nothing was sent.
        """
        if resolved.is_to_be_sealed:
            raise ValueError(resolved.manifest.name)
        for file in resolved.files:
            self._client.upload(file)
        self._client.upload_bytes(resolved.manifest_bytes, resolved.manifest_sha256)
        return self._client.submit(order)

    def submit_again(self, order: SignedOrder) -> JobStatus:
        """Submit an order whose answer may have been lost; nothing is uploaded.

        Raises:
            GridleError: the market refuses, or does not answer.
        """
        return self._client.submit(order)

    def _short(self, missing_units: int) -> RefusedError:
        chain = self._market.chain
        amount = money(missing_units, chain)
        if chain.is_play_money:
            return RefusedError(
                f"The wallet {self.payer} lacks {amount} of play money; run "
                f"`gridle practice fund {self.payer} {missing_units}` and submit again.",
                f"钱包 {self.payer} 还差 {amount} 练习币；请运行 "
                f"`gridle practice fund {self.payer} {missing_units}` 后再次提交。",
            )
        return RefusedError(
            f"The wallet {self.payer} lacks {amount}; send that much to it and submit again.",
            f"钱包 {self.payer} 还差 {amount}；请向其转入该金额后再次提交。",
        )


def bound_units(account: PayerAccount) -> int:
    """Return what the delegate may still have to sign or redeem for jobs taken already."""
    return account.awarded_unredeemed_units + account.reserved_units
