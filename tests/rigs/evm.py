"""Token and hub on an EVM in this process, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_typing import Address as RawAddress
from web3 import Web3

from gridle.market.contracts import artifacts
from gridle.market.practice.chain_evm import CHAIN_ID, Call, CallFailedError, Mined, PracticeChain
from gridle.market.practice.chain_store import ChainStore
from gridle.market.protocol.eip712 import (
    Domain,
    address_of,
    address_word,
    checksum_address,
    uint_word,
)
from gridle.market.protocol.ids import Address

EXIT_DELAY_S = 7 * 86_400
START = 4_000_000_000
"""Beyond this machine's own time, which py-evm would prefer if it were later."""
_CODEC = Web3().codec
_GAS = 5_000_000


class RevertedError(Exception):
    """The contract refused; the text is its reason."""


class Actor:
    """A key that sends transactions."""

    def __init__(self, seed: int) -> None:
        self.key = seed.to_bytes(32, "big")
        self.address = address_of(self.key)
        self.raw = RawAddress(bytes.fromhex(self.address[2:]))


class Contract:
    """A deployed contract: encodes calls, decodes answers."""

    def __init__(self, evm: Evm, address: Address, abi: Sequence[Mapping[str, Any]]) -> None:
        self._evm = evm
        self.address = address
        self.raw = RawAddress(bytes.fromhex(address[2:]))
        self._abi: Any = abi
        self._encoder = Web3().eth.contract(abi=self._abi)
        # Property tests ask the same again and again, and encoding is what costs most.
        self._encoded: dict[tuple[str, str], bytes] = {}

    def send(self, who: Actor, name: str, *arguments: object) -> Mined:
        """Call as a transaction.

        Raises:
            RevertedError: the contract refused; nothing was mined.
        """
        return self._evm.send(who, self.raw, self.encode(name, *arguments))

    def ask(self, name: str, *arguments: object) -> Any:  # noqa: ANN401 - as the ABI says
        """Call a view; one output comes bare, several as a tuple."""
        answer = self._evm.call(RawAddress(bytes(20)), self.raw, self.encode(name, *arguments))
        entry = next(one for one in self._abi if one.get("name") == name)
        values = _CODEC.decode([output["type"] for output in entry["outputs"]], answer)
        return values[0] if len(values) == 1 else values

    def encode(self, name: str, *arguments: object) -> bytes:
        """Return the call data."""
        question = (name, repr(arguments))
        if question not in self._encoded:
            text = self._encoder.encode_abi(name, list(arguments))
            self._encoded[question] = bytes.fromhex(text[2:])
        return self._encoded[question]


class Evm:
    """A chain with a token and a hub; `now` is its clock."""

    def __init__(self, folder: Path, *, exit_delay_s: int = EXIT_DELAY_S) -> None:
        self.now = START
        self.deployer = Actor(10**9 + 7)
        self.actors = [Actor(number) for number in range(1, 9)]
        self.store = ChainStore(folder / "chain.sqlite")
        rich = {actor.raw: 10**24 for actor in [self.deployer, *self.actors]}
        self.chain = PracticeChain.create(self.store, rich, clock=lambda: float(self.now))
        token = artifacts.practice_token()
        self.token = self.deploy(token.creation_code(), token.abi)
        self.hub = self.deploy_hub(self.token, exit_delay_s)
        self.domain = Domain(chain_id=CHAIN_ID, verifying_contract=self.hub.address)
        self.token_domain = Domain(CHAIN_ID, self.token.address, "Practice USD", "1")

    def deploy_hub(self, token: Contract, exit_delay_s: int = EXIT_DELAY_S) -> Contract:
        """Deploy another hub, for any token."""
        hub = artifacts.payment_hub()
        words = (address_word(token.address), uint_word(exit_delay_s))
        return self.deploy(hub.creation_code(*words), hub.abi)

    def deploy(self, code: bytes, abi: Sequence[Mapping[str, Any]]) -> Contract:
        """Deploy a contract by the deployer."""
        mined = self.send(self.deployer, RawAddress(b""), code)
        created = mined.created()
        assert created is not None
        return Contract(self, checksum_address(created.hex()), abi)

    def send(self, who: Actor, to: RawAddress, data: bytes) -> Mined:
        """Mine a transaction at the clock's time, after a dry run for its reason to revert."""
        self.call(who.raw, to, data)
        state = self.chain.state(self.chain.head())
        fields = {
            "nonce": state.get_nonce(who.raw),
            "to": to,
            "data": data,
            "value": 0,
            "gas": _GAS,
            "maxFeePerGas": 10**10,
            "maxPriorityFeePerGas": 0,
            "chainId": CHAIN_ID,
        }
        signed = Account.sign_transaction(fields, who.key)
        mined = self.chain.find(self.chain.submit(bytes(signed.raw_transaction)))
        assert mined is not None
        assert mined.receipt.state_root == b"\x01"
        return mined

    def call(self, sender: RawAddress, to: RawAddress, data: bytes) -> bytes:
        """Run a call without keeping what it does."""
        call = Call(sender, to, data, value_wei=0, gas=_GAS)
        try:
            return self.chain.call(call, self.chain.head())
        except CallFailedError as error:
            raise RevertedError(error.data[68:].rstrip(b"\0").decode("utf-8", "replace")) from None

    def fund(self, payer: Actor, units: int) -> None:
        """Mint and deposit."""
        self.token.send(self.deployer, "mint", payer.address, units)
        self.token.send(payer, "approve", self.hub.address, units)
        self.hub.send(payer, "deposit", units)
