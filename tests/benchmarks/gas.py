"""Gas of what the hub does, on py-evm under Cancun's rules with the practice token.

The target figures are those measured for a hand-packed hub with the real USDC behind its proxy.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from gridle.market.chain.wallet import Wallet
from gridle.market.protocol.money import Voucher
from tests.benchmarks.table import Row
from tests.rigs.evm import START, Actor, Evm

_BATCH = 10
_FUNDS = 10**9


def measure() -> list[Row]:
    """Return the rows; every payee has held the token before, as a user's wallet has."""
    with tempfile.TemporaryDirectory() as folder:
        evm = Evm(Path(folder))
        payer, payee, delegate = evm.actors[:3]
        evm.fund(payer, _FUNDS)
        evm.hub.send(payer, "appoint", delegate.address, _FUNDS, START + 10**6)
        crowd = [Actor(10_000 + number) for number in range(_BATCH)]
        for one in [payee, *crowd]:
            evm.token.send(evm.deployer, "mint", one.address, 1)
        # A delegate that has signed before, so that only the pair is new.
        _redeem(evm, delegate, crowd[0], 1)
        first = _redeem(evm, delegate, payee, 100)
        repeat = _redeem(evm, delegate, payee, 200)
        _redeem_many(evm, delegate, crowd, 100)
        single = _redeem_many(evm, delegate, crowd[:1], 200)
        many = _redeem_many(evm, delegate, crowd, 300)
        further = (many - single) / (_BATCH - 1)
        deposit = _deposit(evm, payer)
        evm.store.close()
    peer = "escrow for each job"
    return [
        Row("gas_first_redemption", first, "gas", "≤ 74000", peer, 157_000),
        Row("gas_redemption", repeat, "gas", "≤ 74000", "ERC-20 transfer", 45_000),
        Row("gas_further_voucher", further, "gas", "≤ 18200", "ERC-20 transfer", 45_000),
        Row("gas_deposit", deposit, "gas", "≤ 93600", "approve + deposit", None),
    ]


def _signature(evm: Evm, signer: Actor, payee: Actor, cumulative: int) -> bytes:
    promise = Voucher(evm.actors[0].address, payee.address, cumulative)
    return bytes.fromhex(Wallet(signer.key).sign_voucher(promise, evm.domain).signature[2:])


def _redeem(evm: Evm, signer: Actor, payee: Actor, cumulative: int) -> int:
    signature = _signature(evm, signer, payee, cumulative)
    payer = evm.actors[0].address
    return evm.hub.send(
        evm.actors[7], "redeem", payer, payee.address, cumulative, signature
    ).gas_used


def _redeem_many(evm: Evm, signer: Actor, payees: list[Actor], cumulative: int) -> int:
    batch = []
    for payee in payees:
        raw = _signature(evm, signer, payee, cumulative)
        terms = (evm.actors[0].address, payee.address, cumulative)
        batch.append((*terms, raw[64], raw[:32], raw[32:64]))
    return evm.hub.send(evm.actors[7], "redeem_many", batch).gas_used


def _deposit(evm: Evm, payer: Actor) -> int:
    evm.token.send(evm.deployer, "mint", payer.address, _FUNDS)
    signed = Wallet(payer.key).authorize_deposit(
        evm.token_domain, evm.hub.address, _FUNDS // 2, valid_before=evm.now + 600
    )
    raw = bytes.fromhex(signed.signature[2:])
    return evm.hub.send(
        evm.actors[7],
        "deposit_with_authorization",
        payer.address,
        signed.value_units,
        signed.valid_after,
        signed.valid_before,
        bytes.fromhex(signed.nonce),
        raw[64],
        raw[:32],
        raw[32:64],
    ).gas_used
