"""Play money and play gas, from the deployer of a practice chain on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from eth_account import Account
from web3 import Web3
from web3.exceptions import Web3Exception

from gridle.market.chain.rpc import FailoverProvider
from gridle.market.contracts import artifacts
from gridle.market.practice.chain_genesis import deployer_key, deployment
from gridle.market.protocol.eip712 import checksum_address
from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.ids import Address

_MINING_TIMEOUT_S = 30.0
_POLL_S = 0.02
_GAS = 200_000


def fund(
    rpc_url: str, home: Path, address: Address, *, token_units: int = 0, gas_wei: int = 0
) -> None:
    """Give play tokens and play gas to an address; returns once both have arrived.

    Args:
        rpc_url: the practice chain.
        home: its folder, with the deployer's key.
        address: who gets it.
        token_units: how much of the token to mint, in base units.
        gas_wei: how much of the chain's own coin to send.

    Raises:
        UnavailableError: the chain does not answer or does not take it.
        CorruptStateError: the deployer's key is missing or damaged.
    """
    web3 = Web3(FailoverProvider([rpc_url]))
    to = cast("Any", checksum_address(address))
    try:
        if token_units:
            token = web3.eth.contract(
                address=cast("Any", deployment(home).token),
                abi=cast("Any", artifacts.practice_token().abi),
            )
            _send(
                web3,
                home,
                {"to": token.address, "data": token.encode_abi("mint", [to, token_units])},
            )
        if gas_wei:
            _send(web3, home, {"to": to, "value": gas_wei})
    except Web3Exception as error:
        raise UnavailableError(
            f"The practice chain did not hand out play money ({error}); try again.",
            f"练习链未能发放练习币（{error}）；请重试。",
        ) from error


def _send(web3: Web3, home: Path, transaction: dict[str, Any]) -> None:
    deployer = Account.from_key(deployer_key(home))
    base_fee_wei = web3.eth.get_block("latest")["baseFeePerGas"]
    signed = deployer.sign_transaction(
        {
            "value": 0,
            "gas": _GAS,
            "nonce": web3.eth.get_transaction_count(deployer.address, "pending"),
            "maxFeePerGas": 4 * base_fee_wei,
            "maxPriorityFeePerGas": 0,
            "chainId": web3.eth.chain_id,
            **transaction,
        }
    )
    sent = web3.eth.send_raw_transaction(signed.raw_transaction)
    web3.eth.wait_for_transaction_receipt(sent, _MINING_TIMEOUT_S, _POLL_S)
