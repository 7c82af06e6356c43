"""What the hub promises, and what an attacker would try, on a real EVM."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.market.chain.wallet import Wallet
from gridle.market.protocol.eip712 import Domain
from gridle.market.protocol.ids import Address
from gridle.market.protocol.money import Appointment, SignedVoucher, Voucher
from tests.rigs.evm import EXIT_DELAY_S, START, Actor, Evm, RevertedError

FUNDS = 1_000_000
LATER = START + 30 * 86_400
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.fixture
def evm(tmp_path: Path) -> Iterator[Evm]:
    rig = Evm(tmp_path)
    rig.fund(rig.actors[0], FUNDS)
    yield rig
    rig.store.close()


def voucher(
    evm: Evm, signer: Actor, payee: Actor, cumulative: int, *, domain: Domain | None = None
) -> SignedVoucher:
    promise = Voucher(evm.actors[0].address, payee.address, cumulative)
    return Wallet(signer.key).sign_voucher(promise, domain or evm.domain)


def redeem(evm: Evm, signed: SignedVoucher, *, by: Actor | None = None) -> None:
    promise = signed.voucher
    evm.hub.send(
        by or evm.actors[7],
        "redeem",
        promise.payer,
        promise.payee,
        promise.cumulative_units,
        bytes.fromhex(signed.signature[2:]),
    )


def entry(signed: SignedVoucher) -> tuple[Address, Address, int, int, bytes, bytes]:
    raw = bytes.fromhex(signed.signature[2:])
    promise = signed.voucher
    return (
        promise.payer,
        promise.payee,
        promise.cumulative_units,
        raw[64],
        raw[:32],
        raw[32:64],
    )


def wealth(evm: Evm, actor: Actor) -> int:
    return int(evm.token.ask("balanceOf", actor.address))


def test_digests_equal_those_of_the_protocol(evm: Evm) -> None:
    payer, payee = evm.actors[0].address, evm.actors[1].address
    promise = Voucher(payer, payee, 2**90 + 3)
    stated = evm.hub.ask("voucher_digest", payer, payee, promise.cumulative_units)
    assert stated == promise.digest(evm.domain)
    appointment = Appointment(payer, payee, 77, LATER, 5)
    stated = evm.hub.ask("appointment_digest", payer, payee, 77, LATER, 5)
    assert stated == appointment.digest(evm.domain)


def test_states_its_domain(evm: Evm) -> None:
    fields, name, version, chain_id, address, salt, more = evm.hub.ask("eip712Domain")
    assert fields == b"\x0f"
    assert (name, version, chain_id) == (
        evm.domain.name,
        evm.domain.version,
        evm.domain.chain_id,
    )
    assert address.lower() == evm.hub.address.lower()
    assert salt == bytes(32)
    assert more == ()


def test_pays_the_difference_to_what_was_claimed_whoever_submits(evm: Evm) -> None:
    payer, payee, stranger = evm.actors[:3]
    redeem(evm, voucher(evm, payer, payee, 300), by=stranger)
    redeem(evm, voucher(evm, payer, payee, 1000), by=payee)
    assert wealth(evm, payee) == 1000
    assert wealth(evm, stranger) == 0
    assert evm.hub.ask("balance_of", payer.address) == FUNDS - 1000
    assert evm.hub.ask("claimed", payer.address, payee.address) == 1000


def test_a_replay_and_an_older_voucher_pay_nothing(evm: Evm) -> None:
    payer, payee = evm.actors[:2]
    old, new = voucher(evm, payer, payee, 300), voucher(evm, payer, payee, 500)
    redeem(evm, new)
    for spent in (old, new):
        with pytest.raises(RevertedError, match="nothing to pay"):
            redeem(evm, spent)
    assert wealth(evm, payee) == 500


def test_a_voucher_cannot_be_redirected_or_raised(evm: Evm) -> None:
    payer, payee, thief = evm.actors[:3]
    raw = bytes.fromhex(voucher(evm, payer, payee, 300).signature[2:])
    for to, amount in ((thief, 300), (payee, 301)):
        with pytest.raises(RevertedError, match="not signed"):
            evm.hub.send(thief, "redeem", payer.address, to.address, amount, raw)


def test_a_voucher_of_another_hub_or_chain_is_worthless(evm: Evm) -> None:
    payer, payee = evm.actors[:2]
    other_hub = Domain(evm.domain.chain_id, evm.token.address)
    other_chain = Domain(1, evm.hub.address)
    for domain in (other_hub, other_chain):
        with pytest.raises(RevertedError, match="not signed"):
            redeem(evm, voucher(evm, payer, payee, 300, domain=domain))


def test_a_malleated_or_broken_signature_is_worthless(evm: Evm) -> None:
    payer, payee = evm.actors[:2]
    raw = bytes.fromhex(voucher(evm, payer, payee, 300).signature[2:])
    high_s = ORDER - int.from_bytes(raw[32:64], "big")
    assert high_s > HALF_ORDER
    twin = raw[:32] + high_s.to_bytes(32, "big") + bytes([55 - raw[64]])
    for broken in (twin, raw[:64], raw[:64] + b"\x00", b"", bytes(65), raw + b"\x00"):
        with pytest.raises(RevertedError, match="not signed"):
            evm.hub.send(payee, "redeem", payer.address, payee.address, 300, broken)


def test_nobody_is_the_signer_of_nothing(evm: Evm) -> None:
    nobody = "0x" + "00" * 20
    thief = evm.actors[2]
    with pytest.raises(RevertedError, match="nothing to pay"):
        evm.hub.send(thief, "redeem", nobody, thief.address, 300, bytes(65))
    with pytest.raises(RevertedError, match="possible delegate"):
        evm.hub.send(evm.actors[0], "appoint", nobody, 10, LATER)


def test_short_cover_pays_what_there_is_and_the_rest_later(evm: Evm) -> None:
    payer, payee = evm.actors[:2]
    promise = voucher(evm, payer, payee, FUNDS + 500)
    redeem(evm, promise)
    assert wealth(evm, payee) == FUNDS
    evm.fund(payer, 200)
    redeem(evm, promise)
    assert wealth(evm, payee) == FUNDS + 200
    assert evm.hub.ask("claimed", payer.address, payee.address) == FUNDS + 200


def test_a_lock_is_kept_for_its_payee_and_used_first(evm: Evm) -> None:
    payer, payee, other = evm.actors[:3]
    evm.hub.send(payer, "lock", payee.address, FUNDS - 100)
    redeem(evm, voucher(evm, payer, other, 5000))
    assert wealth(evm, other) == 100
    redeem(evm, voucher(evm, payer, payee, 300))
    assert wealth(evm, payee) == 300
    assert evm.hub.ask("locked", payer.address, payee.address) == FUNDS - 400
    with pytest.raises(RevertedError, match="nothing to lock"):
        evm.hub.send(payer, "lock", payee.address, 1)


def test_a_batch_pays_what_it_can_and_skips_the_rest(evm: Evm) -> None:
    payer, first, second, stranger = evm.actors[:4]
    redeem(evm, voucher(evm, payer, first, 100))
    batch = [
        voucher(evm, payer, first, 100),
        voucher(evm, payer, first, 250),
        voucher(evm, stranger, second, 9999),
        voucher(evm, payer, second, 40),
        voucher(evm, payer, second, 40),
    ]
    evm.hub.send(stranger, "redeem_many", [entry(one) for one in batch])
    assert (wealth(evm, first), wealth(evm, second)) == (250, 40)
    evm.hub.send(stranger, "redeem_many", [entry(one) for one in batch])
    assert (wealth(evm, first), wealth(evm, second)) == (250, 40)


def test_the_hub_itself_is_no_payee(evm: Evm) -> None:
    payer = evm.actors[0]
    promise = Voucher(payer.address, evm.hub.address, 50)
    signed = Wallet(payer.key).sign_voucher(promise, evm.domain)
    with pytest.raises(RevertedError, match="nothing to pay"):
        redeem(evm, signed)


def test_leaving_takes_the_delay_and_vouchers_pay_until_then(evm: Evm) -> None:
    payer, payee = evm.actors[:2]
    with pytest.raises(RevertedError, match="ask to leave"):
        evm.hub.send(payer, "withdraw")
    evm.hub.send(payer, "request_exit")
    leave_at = evm.hub.ask("exit_at", payer.address)
    assert leave_at == START + EXIT_DELAY_S
    with pytest.raises(RevertedError, match="already leaving"):
        evm.hub.send(payer, "request_exit")
    evm.now = leave_at - 1
    with pytest.raises(RevertedError, match="not over"):
        evm.hub.send(payer, "withdraw")
    redeem(evm, voucher(evm, payer, payee, 400))
    evm.now = leave_at
    evm.hub.send(payer, "withdraw")
    assert wealth(evm, payer) == FUNDS - 400
    assert evm.hub.ask("exit_at", payer.address) == 0


def test_fresh_money_or_a_lock_cancels_leaving(evm: Evm) -> None:
    payer, payee = evm.actors[:2]
    evm.hub.send(payer, "request_exit")
    evm.now += EXIT_DELAY_S
    evm.fund(payer, 10)
    with pytest.raises(RevertedError, match="ask to leave"):
        evm.hub.send(payer, "withdraw")
    evm.hub.send(payer, "request_exit")
    evm.now += EXIT_DELAY_S
    evm.hub.send(payer, "lock", payee.address, 10)
    with pytest.raises(RevertedError, match="ask to leave"):
        evm.hub.send(payer, "unlock", payee.address)
    evm.hub.send(payer, "request_exit")
    evm.hub.send(payer, "cancel_exit")
    assert evm.hub.ask("exit_at", payer.address) == 0


def test_a_lock_comes_back_only_by_leaving(evm: Evm) -> None:
    payer, payee = evm.actors[:2]
    evm.hub.send(payer, "lock", payee.address, 600)
    with pytest.raises(RevertedError, match="ask to leave"):
        evm.hub.send(payer, "unlock", payee.address)
    evm.hub.send(payer, "request_exit")
    evm.now += EXIT_DELAY_S
    evm.hub.send(payer, "unlock", payee.address)
    evm.hub.send(payer, "withdraw")
    assert wealth(evm, payer) == FUNDS


def test_an_unreasonable_hub_cannot_be_deployed(evm: Evm) -> None:
    for delay_s in (0, 366 * 86_400):
        with pytest.raises(RevertedError, match="exit delay"):
            evm.deploy_hub(evm.token, delay_s)
