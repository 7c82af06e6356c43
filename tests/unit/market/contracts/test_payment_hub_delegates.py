"""Delegates of a payer: caps, expiry, revocation, and contract wallets (ERC-1271)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import vyper

from gridle.market.chain.wallet import Wallet
from gridle.market.protocol.eip712 import address_word
from gridle.market.protocol.money import Appointment, Voucher
from tests.rigs.evm import EXIT_DELAY_S, START, Actor, Contract, Evm, RevertedError

FUNDS = 1_000_000
LATER = START + 30 * 86_400

CONTRACT_WALLET = """
OWNER: immutable(address)

@deploy
def __init__(owner: address):
    OWNER = owner

@external
def act(to: address, data: Bytes[2048]):
    assert msg.sender == OWNER
    raw_call(to, data)

@view
@external
def isValidSignature(digest: bytes32, signature: Bytes[1024]) -> bytes4:
    if len(signature) == 7 and slice(signature, 0, 7) == b"burn it":
        for i: uint256 in range(1000000):
            x: bytes32 = keccak256(abi_encode(i))
    recovered: address = ecrecover(
        digest,
        convert(slice(signature, 64, 1), uint8),
        extract32(signature, 0),
        extract32(signature, 32),
    )
    return 0x1626ba7e if recovered == OWNER else 0xffffffff
"""

FREEZING_TOKEN = """
frozen: public(HashMap[address, bool])
balanceOf: public(HashMap[address, uint256])

@external
def freeze(who: address):
    self.frozen[who] = True

@external
def transferFrom(sender: address, to: address, amount: uint256) -> bool:
    self.balanceOf[to] += amount
    return True

@external
def transfer(to: address, amount: uint256) -> bool:
    assert not self.frozen[to]
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[to] += amount
    return True
"""


@pytest.fixture
def evm(tmp_path: Path) -> Iterator[Evm]:
    rig = Evm(tmp_path)
    rig.fund(rig.actors[0], FUNDS)
    yield rig
    rig.store.close()


def redeem(evm: Evm, signer: Actor, payee: Actor, cumulative: int) -> None:
    promise = Voucher(evm.actors[0].address, payee.address, cumulative)
    raw = bytes.fromhex(Wallet(signer.key).sign_voucher(promise, evm.domain).signature[2:])
    terms = (promise.payer, promise.payee, cumulative)
    evm.hub.send(evm.actors[7], "redeem", *terms, raw)


def delegation(evm: Evm, delegate: Actor) -> tuple[int, int, int]:
    cap, spent, expiry = evm.hub.ask("delegation", evm.actors[0].address, delegate.address)
    return cap, spent, expiry


def test_a_delegate_spends_up_to_its_cap_over_all_payees(evm: Evm) -> None:
    payer, delegate, first, second = evm.actors[:4]
    evm.hub.send(payer, "appoint", delegate.address, 1000, LATER)
    redeem(evm, delegate, first, 700)
    redeem(evm, delegate, second, 500)
    assert evm.token.ask("balanceOf", second.address) == 300
    assert delegation(evm, delegate) == (1000, 1000, LATER)
    with pytest.raises(RevertedError, match="not signed"):
        redeem(evm, delegate, first, 701)
    evm.hub.send(payer, "appoint", delegate.address, 1200, LATER)
    redeem(evm, delegate, second, 500)
    assert evm.token.ask("balanceOf", second.address) == 500


def test_the_payers_own_vouchers_do_not_count_against_the_cap(evm: Evm) -> None:
    payer, delegate, payee = evm.actors[:3]
    evm.hub.send(payer, "lock", payee.address, 5000)
    evm.hub.send(payer, "appoint", delegate.address, 100, LATER)
    redeem(evm, payer, payee, 5000)
    assert delegation(evm, delegate) == (100, 0, LATER)
    redeem(evm, delegate, payee, 5100)
    assert delegation(evm, delegate) == (100, 100, LATER)


def test_a_delegate_ends_with_its_expiry(evm: Evm) -> None:
    payer, delegate, payee = evm.actors[:3]
    evm.hub.send(payer, "appoint", delegate.address, 100, LATER)
    evm.now = LATER
    redeem(evm, delegate, payee, 50)
    evm.now = LATER + 1
    with pytest.raises(RevertedError, match="not signed"):
        redeem(evm, delegate, payee, 60)


@pytest.mark.parametrize(("cap", "expiry"), [(0, LATER), (1000, START), (0, 0), (9999, LATER - 1)])
def test_shrinking_waits_for_the_delay(evm: Evm, cap: int, expiry: int) -> None:
    payer, delegate, payee = evm.actors[:3]
    evm.hub.send(payer, "appoint", delegate.address, 1000, LATER)
    evm.hub.send(payer, "appoint", delegate.address, cap, expiry)
    due = START + EXIT_DELAY_S
    pair = (payer.address, delegate.address)
    assert evm.hub.ask("pending_delegation", *pair) == (cap, expiry, due)
    evm.now = due - 1
    redeem(evm, delegate, payee, 100)
    assert delegation(evm, delegate) == (1000, 100, LATER)
    evm.now = due
    assert delegation(evm, delegate) == (cap, 100, expiry)
    assert evm.hub.ask("pending_delegation", *pair) == (0, 0, 0)


def test_revoking_again_does_not_come_sooner_and_growing_takes_it_back(evm: Evm) -> None:
    payer, delegate, payee = evm.actors[:3]
    evm.hub.send(payer, "appoint", delegate.address, 1000, LATER)
    evm.hub.send(payer, "appoint", delegate.address, 0, 0)
    evm.now += EXIT_DELAY_S - 1
    evm.hub.send(payer, "appoint", delegate.address, 0, 0)
    evm.now += 1
    redeem(evm, delegate, payee, 100)
    evm.hub.send(payer, "appoint", delegate.address, 1000, LATER)
    evm.now += EXIT_DELAY_S
    redeem(evm, delegate, payee, 200)
    assert delegation(evm, delegate) == (1000, 200, LATER)


def test_a_signed_appointment_counts_once_and_not_after_a_change_of_mind(evm: Evm) -> None:
    payer, delegate, stranger = evm.actors[:3]
    wallet = Wallet(payer.key)

    def submit(cap: int, nonce: int, by: Wallet = wallet) -> None:
        appointment = Appointment(payer.address, delegate.address, cap, LATER, nonce)
        raw = bytes.fromhex(by.sign_appointment(appointment, evm.domain).signature[2:])
        terms = (payer.address, delegate.address, cap, LATER, nonce, raw)
        evm.hub.send(stranger, "appoint_with_signature", *terms)

    with pytest.raises(RevertedError, match="not signed by the payer"):
        submit(500, 0, by=Wallet(stranger.key))
    submit(500, 0)
    with pytest.raises(RevertedError, match="used or superseded"):
        submit(500, 0)
    # Signed for nonce 1 but never submitted; the payer's own transaction makes it worthless.
    evm.hub.send(payer, "appoint", delegate.address, 600, LATER)
    with pytest.raises(RevertedError, match="used or superseded"):
        submit(900_000, 1)
    assert delegation(evm, delegate) == (600, 0, LATER)


def test_caps_and_expiries_fit_their_slot(evm: Evm) -> None:
    payer, delegate = evm.actors[:2]
    for cap, expiry in ((2**96, LATER), (10, 2**40)):
        with pytest.raises(RevertedError, match="unreasonable"):
            evm.hub.send(payer, "appoint", delegate.address, cap, expiry)
    evm.hub.send(payer, "appoint", delegate.address, 2**96 - 1, 2**40 - 1)
    assert delegation(evm, delegate) == (2**96 - 1, 0, 2**40 - 1)
    with pytest.raises(RevertedError, match="possible delegate"):
        evm.hub.send(payer, "appoint", payer.address, 10, LATER)


def test_a_contract_wallet_pays_by_its_own_signature(evm: Evm) -> None:
    owner, payee, thief = evm.actors[1:4]
    wallet = _contract_wallet(evm, owner)
    raw = _signed(evm, owner, wallet, payee, 300)
    evm.hub.send(thief, "redeem", wallet.address, payee.address, 300, raw)
    assert evm.token.ask("balanceOf", payee.address) == 300
    forged = _signed(evm, thief, wallet, payee, 400)
    for bad in (forged, forged[:40], b"burn it"):
        with pytest.raises(RevertedError, match="not signed"):
            evm.hub.send(thief, "redeem", wallet.address, payee.address, 400, bad)


def test_a_payee_that_the_token_has_frozen_does_not_stop_a_batch(evm: Evm) -> None:
    payer, frozen, payee = evm.actors[:3]
    built = vyper.compile_code(FREEZING_TOKEN, output_formats=["abi", "bytecode"])
    token = evm.deploy(bytes.fromhex(built["bytecode"][2:]), built["abi"])
    evm.hub = evm.deploy_hub(token)
    evm.domain = type(evm.domain)(evm.domain.chain_id, evm.hub.address)
    evm.hub.send(payer, "deposit", FUNDS)
    token.send(payer, "freeze", frozen.address)
    batch = []
    for to in (frozen, payee):
        promise = Voucher(payer.address, to.address, 50)
        raw = bytes.fromhex(Wallet(payer.key).sign_voucher(promise, evm.domain).signature[2:])
        batch.append((payer.address, to.address, 50, raw[64], raw[:32], raw[32:64]))
    evm.hub.send(payee, "redeem_many", batch)
    assert evm.hub.ask("claimed", payer.address, frozen.address) == 0
    assert token.ask("balanceOf", payee.address) == 50
    assert evm.hub.ask("balance_of", payer.address) == FUNDS - 50


def _contract_wallet(evm: Evm, owner: Actor) -> Contract:
    built = vyper.compile_code(CONTRACT_WALLET, output_formats=["abi", "bytecode"])
    code = bytes.fromhex(built["bytecode"][2:]) + address_word(owner.address)
    wallet = evm.deploy(code, built["abi"])
    evm.token.send(evm.deployer, "mint", wallet.address, FUNDS)
    approve = evm.token.encode("approve", evm.hub.address, FUNDS)
    wallet.send(owner, "act", evm.token.address, approve)
    wallet.send(owner, "act", evm.hub.address, evm.hub.encode("deposit", FUNDS))
    return wallet


def _signed(evm: Evm, signer: Actor, payer: Contract, payee: Actor, cumulative: int) -> bytes:
    promise = Voucher(payer.address, payee.address, cumulative)
    # A byte more than a key's signature: only the contract can make sense of it.
    return bytes.fromhex(Wallet(signer.key).sign_voucher(promise, evm.domain).signature[2:]) + b"\0"
