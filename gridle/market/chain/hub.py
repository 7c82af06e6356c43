"""What the chain says of the hub and its token. Reading only; see `relayer` for writing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple, cast

from msgspec import Struct
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import Web3Exception

from gridle.market.chain.rpc import FailoverProvider
from gridle.market.contracts import artifacts
from gridle.market.protocol.eip712 import Domain, checksum_address
from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.market.protocol.ids import Address

_DOMAIN_FIELDS = b"\x0f"
"""EIP-5267: name, version, chain id and contract are used; salt and extensions are not."""


class Delegation(Struct, frozen=True):
    """What a new promise signed by a delegate may count on.

    Where a revocation or a smaller cap is under way, these are the smaller figures, although
    vouchers are paid by the larger ones until the exit delay is over.
    """

    cap_units: int
    spent_units: int
    expiry: int
    """Unix time in seconds; 0 where there is no delegation."""


class TokenInfo(NamedTuple):
    """The token as it describes itself; name and version are those of its EIP-712 domain."""

    symbol: str
    decimals: int
    name: str
    version: str


class Hub:
    """The door to one PaymentHub.

    Every method raises UnavailableError where no RPC server answers, or where what answers is
    no hub.
    """

    def __init__(self, rpc_urls: Sequence[str], hub: Address) -> None:
        self.web3 = Web3(FailoverProvider(rpc_urls))
        self.address = checksum_address(hub)
        self.contract = self._contract(self.address, artifacts.payment_hub().abi)

    def chain_id(self) -> int:
        """Return the chain's id."""
        return self.web3.eth.chain_id

    def block_time(self) -> int:
        """Return the newest block's time, Unix seconds."""
        return int(self.web3.eth.get_block("latest")["timestamp"])

    def block_number(self) -> int:
        """Return the newest block's number."""
        return int(self.web3.eth.block_number)

    def domain(self) -> Domain:
        """Return the hub's EIP-712 domain as the chain states it (EIP-5267).

        Raises:
            InvalidInputError: the hub's domain is of a form that Gridle does not sign for.
        """
        fields, name, version, chain_id, address, _salt, _more = self._ask("eip712Domain")
        if bytes(fields) != _DOMAIN_FIELDS or checksum_address(address) != self.address:
            raise InvalidInputError(
                f"The contract at {self.address} signs in a way that Gridle does not know; "
                "check the hub's address in the settings.",
                f"合约 {self.address} 的签名方式不受 Gridle 支持；请检查设置中的结算合约地址。",
            )
        return Domain(chain_id, self.address, name, version)

    def token(self) -> Address:
        """Return the only token that the hub holds."""
        return checksum_address(self._ask("token"))

    def token_info(self) -> TokenInfo:
        """Return symbol, decimals, and the name and version that its signatures need."""
        symbol = str(self._ask("symbol", contract=self._token))
        decimals = int(self._ask("decimals", contract=self._token))
        name = str(self._ask("name", contract=self._token))
        version = str(self._ask("version", contract=self._token))
        return TokenInfo(symbol, decimals, name, version)

    def token_balance_units(self, holder: Address) -> int:
        """Return what is in a wallet, the hub left out."""
        return int(self._ask("balanceOf", checksum_address(holder), contract=self._token))

    def balance_units(self, payer: Address) -> int:
        """Return a payer's free deposit on the hub."""
        return int(self._ask("balance_of", checksum_address(payer)))

    def claimed_units(self, payer: Address, payee: Address) -> int:
        """Return what a pair was paid in all, ever."""
        return int(self._ask("claimed", checksum_address(payer), checksum_address(payee)))

    def locked_units(self, payer: Address, payee: Address) -> int:
        """Return what of a payer's deposit is bound to one payee."""
        return int(self._ask("locked", checksum_address(payer), checksum_address(payee)))

    def delegation(self, payer: Address, delegate: Address) -> Delegation:
        """Return what a delegate may still promise for a payer."""
        pair = (checksum_address(payer), checksum_address(delegate))
        cap, spent, expiry = cast("list[int]", self._ask("delegation", *pair))
        next_cap, next_expiry, at = cast("list[int]", self._ask("pending_delegation", *pair))
        if at:
            cap, expiry = min(cap, next_cap), min(expiry, next_expiry)
        return Delegation(cap_units=cap, spent_units=spent, expiry=expiry)

    def appointment_nonce(self, payer: Address) -> int:
        """Return the nonce that a payer's next signed appointment must carry."""
        return int(self._ask("appointment_nonce", checksum_address(payer)))

    def exit_at(self, payer: Address) -> int | None:
        """Return from when a leaving payer may withdraw (Unix seconds), or None."""
        return int(self._ask("exit_at", checksum_address(payer))) or None

    def exit_delay_s(self) -> int:
        """Return the seconds between asking to leave and leaving."""
        return int(self._ask("exit_delay"))

    @cached_property
    def _token(self) -> Contract:
        return self._contract(self.token(), artifacts.practice_token().abi)

    def _contract(self, address: Address, abi: list[dict[str, Any]]) -> Contract:
        return self.web3.eth.contract(
            address=Web3.to_checksum_address(address), abi=cast("Any", abi)
        )

    def _ask(self, view: str, *arguments: object, contract: Contract | None = None) -> Any:  # noqa: ANN401 - as the ABI says
        target = contract or self.contract
        try:
            return target.functions[view](*arguments).call()
        except Web3Exception as error:
            raise UnavailableError(
                f"The contract at {target.address} gives no answer that Gridle understands; "
                "check the chain and the hub's address in the settings.",
                f"合约 {target.address} 未给出可识别的回答；请检查设置中的链与结算合约地址。",
            ) from error
