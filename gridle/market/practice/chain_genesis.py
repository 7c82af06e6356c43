"""The first start of a practice chain: a deployer with play gas, the token and the hub."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from coincurve import PrivateKey
from eth._utils.address import generate_contract_address
from eth_account import Account
from eth_typing import Address as RawAddress

from gridle.market.contracts import artifacts
from gridle.market.practice.chain_evm import CHAIN_ID, PracticeChain
from gridle.market.practice.chain_store import ChainStore
from gridle.market.protocol.eip712 import (
    address_of,
    address_word,
    checksum_address,
    uint_word,
)
from gridle.market.protocol.errors import CorruptStateError
from gridle.market.protocol.ids import Address

STORE_NAME = "chain.sqlite"
KEY_NAME = "deployer.key"
EXIT_DELAY_S = 7 * 86_400
DEPLOYER_WEI = 10**27
KEY_BYTES = 32
_DEPLOY_GAS = 5_000_000
_DEPLOY_PRICE_WEI = 10**10


class Deployment(msgspec.Struct, frozen=True):
    """Where the contracts of a practice chain are."""

    token: Address
    hub: Address


def deployer_key(home: Path) -> bytes:
    """Return the private key of a practice chain's deployer, who mints its play money.

    Raises:
        CorruptStateError: there is none, or it is damaged.
    """
    path = home / KEY_NAME
    try:
        key = _key_of(path.read_text("ascii"))
    except (OSError, ValueError) as error:
        raise CorruptStateError(
            f"The practice chain's key file {path} is missing or damaged; restore it from a "
            "backup, or move the whole folder away to start with new play money.",
            f"练习链密钥文件 {path} 缺失或已损坏；请从备份恢复，或移走整个文件夹以重新开始。",
        ) from error
    return key


def deployment(home: Path) -> Deployment:
    """Return where the contracts are: it follows from who deployed them, and in what order."""
    deployer = address_of(deployer_key(home))
    return Deployment(token=_created_by(deployer, 0), hub=_created_by(deployer, 1))


def open_chain(
    home: Path, store: ChainStore, *, clock: Callable[[], float] = time.time
) -> PracticeChain:
    """Continue the chain in `store`, or start it where the store is new.

    A start that was cut short goes on where it ended: every step is found done or is done.

    Raises:
        CorruptStateError: the key and the store do not belong together, or one is damaged.
    """
    if store.is_empty():
        _write_key(home)
        deployer = RawAddress(bytes.fromhex(address_of(deployer_key(home))[2:]))
        chain = PracticeChain.create(store, {deployer: DEPLOYER_WEI}, clock=clock)
    else:
        chain = PracticeChain(store, clock=clock)
    _deploy(home, chain)
    return chain


def _key_of(untrusted_text: str) -> bytes:
    key = bytes.fromhex(untrusted_text.strip())
    if len(key) != KEY_BYTES:
        raise ValueError(len(key))
    PrivateKey(key)  # refuses what is no key of the curve
    return key


def _write_key(home: Path) -> None:
    path = home / KEY_NAME
    if path.exists():
        return
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(os.urandom(KEY_BYTES).hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _deploy(home: Path, chain: PracticeChain) -> None:
    key, places = deployer_key(home), deployment(home)
    deployer = RawAddress(bytes.fromhex(address_of(key)[2:]))
    hub_arguments = (address_word(places.token), uint_word(EXIT_DELAY_S))
    code = (
        artifacts.practice_token().creation_code(),
        artifacts.payment_hub().creation_code(*hub_arguments),
    )
    state = chain.state(chain.head())
    if state.get_balance(deployer) == 0:
        raise CorruptStateError(
            f"The key in {home / KEY_NAME} is not the one that this practice chain was started "
            "with; restore the right one, or move the whole folder away to start anew.",
            f"{home / KEY_NAME} 与此练习链不符；请恢复正确的密钥，或移走整个文件夹重新开始。",
        )
    for nonce in range(state.get_nonce(deployer), len(code)):
        signed = Account.sign_transaction(
            {
                "nonce": nonce,
                "to": b"",
                "data": code[nonce],
                "value": 0,
                "gas": _DEPLOY_GAS,
                "maxFeePerGas": _DEPLOY_PRICE_WEI,
                "maxPriorityFeePerGas": 0,
                "chainId": CHAIN_ID,
            },
            key,
        )
        chain.submit(bytes(signed.raw_transaction))


def _created_by(deployer: Address, nonce: int) -> Address:
    raw = RawAddress(bytes.fromhex(deployer[2:]))
    return checksum_address(generate_contract_address(raw, nonce).hex())
