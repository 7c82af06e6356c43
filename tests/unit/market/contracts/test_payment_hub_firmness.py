"""While a delegate signs, the free balance is its cover: the payer alone cannot lower it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.market.chain.wallet import Wallet
from gridle.market.protocol.money import Appointment, Voucher
from tests.rigs.evm import EXIT_DELAY_S, START, Actor, Evm, RevertedError

FUNDS = 1_000_000
LATER = START + 30 * 86_400


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


def appoint(evm: Evm, delegate: Actor, cap: int, expiry: int = LATER) -> None:
    evm.hub.send(evm.actors[0], "appoint", delegate.address, cap, expiry)


def free(evm: Evm) -> int:
    return int(evm.hub.ask("balance_of", evm.actors[0].address))


def test_the_payers_own_voucher_draws_only_on_the_lock(evm: Evm) -> None:
    payer, delegate, payee, other = evm.actors[:4]
    evm.hub.send(payer, "lock", payee.address, 300)
    appoint(evm, delegate, 1000)
    redeem(evm, payer, payee, 5000)
    assert evm.token.ask("balanceOf", payee.address) == 300
    for to in (payee, other, payer):
        with pytest.raises(RevertedError, match="nothing to pay"):
            redeem(evm, payer, to, 5000)
    assert free(evm) == FUNDS - 300
    redeem(evm, delegate, payee, 700)
    assert free(evm) == FUNDS - 700


def test_a_payers_own_voucher_in_a_batch_leaves_the_delegates_cover(evm: Evm) -> None:
    payer, delegate, payee, thief = evm.actors[:4]
    appoint(evm, delegate, 1000)
    batch = []
    for signer, to in ((payer, thief), (delegate, payee)):
        promise = Voucher(payer.address, to.address, 900)
        raw = bytes.fromhex(Wallet(signer.key).sign_voucher(promise, evm.domain).signature[2:])
        batch.append((payer.address, to.address, 900, raw[64], raw[:32], raw[32:64]))
    evm.hub.send(payer, "redeem_many", batch)
    assert evm.token.ask("balanceOf", thief.address) == 0
    assert evm.token.ask("balanceOf", payee.address) == 900


def test_nothing_is_locked_from_under_a_delegate(evm: Evm) -> None:
    payer, delegate = evm.actors[:2]
    appoint(evm, delegate, 1000)
    with pytest.raises(RevertedError, match="a delegate signs for this deposit"):
        evm.hub.send(payer, "lock", payer.address, 10)
    evm.now = LATER + 1
    evm.hub.send(payer, "lock", payer.address, 10)
    assert free(evm) == FUNDS - 10


def test_a_second_delegate_waits_until_the_first_is_revoked(evm: Evm) -> None:
    payer, first, second, payee = evm.actors[:4]
    appoint(evm, first, 1000)
    with pytest.raises(RevertedError, match="another delegate still signs"):
        appoint(evm, second, 1000)
    appoint(evm, first, 0)
    evm.now += EXIT_DELAY_S - 1
    with pytest.raises(RevertedError, match="another delegate still signs"):
        appoint(evm, second, 1000)
    redeem(evm, first, payee, 50)
    evm.now += 1
    appoint(evm, second, 1000)
    redeem(evm, second, payee, 80)
    for idle in (first, payer):
        with pytest.raises(RevertedError, match=r"not signed|nothing to pay"):
            redeem(evm, idle, payee, 90)


def test_a_second_delegate_follows_an_expired_or_a_spent_one(evm: Evm) -> None:
    first, second, third, payee = evm.actors[1:5]
    appoint(evm, first, 1000)
    redeem(evm, first, payee, 1000)
    appoint(evm, second, 1000)
    evm.now = LATER
    with pytest.raises(RevertedError, match="another delegate still signs"):
        appoint(evm, third, 1000, LATER + 10)
    evm.now = LATER + 1
    appoint(evm, third, 1000, LATER + 10)
    redeem(evm, third, payee, 1500)
    assert free(evm) == FUNDS - 1500


def test_a_signed_second_appointment_is_refused_too(evm: Evm) -> None:
    payer, first, second, stranger = evm.actors[:4]
    appoint(evm, first, 1000)
    terms = (payer.address, second.address, 500, LATER, 1)
    signed = Wallet(payer.key).sign_appointment(Appointment(*terms), evm.domain)
    raw = bytes.fromhex(signed.signature[2:])
    with pytest.raises(RevertedError, match="another delegate still signs"):
        evm.hub.send(stranger, "appoint_with_signature", *terms, raw)


def test_a_change_that_waits_does_not_wake_a_replaced_delegate(evm: Evm) -> None:
    payer, first, second, payee = evm.actors[:4]
    appoint(evm, first, 100)
    # A larger cap, but for less long: it waits, and would make the spent delegate live again.
    appoint(evm, first, 9999, LATER - 1)
    redeem(evm, first, payee, 100)
    appoint(evm, second, 1000)
    evm.now += EXIT_DELAY_S
    pair = (payer.address, first.address)
    assert evm.hub.ask("delegation", *pair) == (100, 100, LATER)
    assert evm.hub.ask("pending_delegation", *pair) == (0, 0, 0)
    with pytest.raises(RevertedError, match="not signed"):
        redeem(evm, first, payee, 200)
    redeem(evm, second, payee, 200)


def test_leaving_stays_possible_beside_a_live_delegate(evm: Evm) -> None:
    payer, delegate, payee = evm.actors[:3]
    appoint(evm, delegate, 1000)
    evm.hub.send(payer, "request_exit")
    evm.now += EXIT_DELAY_S - 1
    with pytest.raises(RevertedError, match="not over"):
        evm.hub.send(payer, "withdraw")
    redeem(evm, delegate, payee, 400)
    evm.now += 1
    evm.hub.send(payer, "withdraw")
    assert evm.token.ask("balanceOf", payer.address) == FUNDS - 400
    assert free(evm) == 0


def test_what_is_unlocked_becomes_the_delegates_cover(evm: Evm) -> None:
    payer, delegate, payee = evm.actors[:3]
    evm.hub.send(payer, "lock", payee.address, 300)
    appoint(evm, delegate, 1000)
    evm.hub.send(payer, "request_exit")
    evm.now += EXIT_DELAY_S
    evm.hub.send(payer, "unlock", payee.address)
    evm.hub.send(payer, "cancel_exit")
    assert free(evm) == FUNDS
    with pytest.raises(RevertedError, match="nothing to pay"):
        redeem(evm, payer, payee, 300)
    redeem(evm, delegate, payee, 400)
    assert free(evm) == FUNDS - 400
