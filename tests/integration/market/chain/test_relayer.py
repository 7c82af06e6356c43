"""The relayer and the hub's door against a running chain."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gridle.market.chain.hub import Hub
from gridle.market.chain.relayer import MAX_BATCH, Relayer, split_signature
from gridle.market.chain.wallet import Wallet
from gridle.market.practice.chain_faucet import fund
from gridle.market.protocol.eip712 import Domain
from gridle.market.protocol.errors import RefusedError, UnavailableError
from gridle.market.protocol.money import Appointment, SignedVoucher, Voucher
from tests.rigs.chain_run import ChainRun, token_domain

DEPOSIT = 10_000


class Scene:
    """A payer with a deposit, and a relayer with gas."""

    def __init__(self, run: ChainRun, home: Path) -> None:
        self.run, self.home = run, home
        self.hub: Hub = run.hub()
        self.domain: Domain = self.hub.domain()
        self.payer = Wallet(os.urandom(32))
        self.relayer = Relayer(self.hub, os.urandom(32))
        fund(run.rpc_url, home, self.relayer.address, gas_wei=10**18)
        fund(run.rpc_url, home, self.payer.address, token_units=2 * DEPOSIT)
        self.deposit = self.payer.authorize_deposit(
            token_domain(self.hub),
            self.hub.address,
            DEPOSIT,
            valid_before=int(time.time()) + 3600,
        )
        self.relayer.deposit(self.deposit)

    def voucher(self, payee: str, cumulative: int) -> SignedVoucher:
        promise = Voucher(self.payer.address, payee, cumulative)
        return self.payer.sign_voucher(promise, self.domain)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    home = tmp_path_factory.mktemp("chain")
    run = ChainRun(home)
    yield Scene(run, home)
    run.end()


def someone() -> str:
    return Wallet(os.urandom(32)).address


def test_a_batch_tells_what_each_pair_got(scene: Scene) -> None:
    first, second, stranger = someone(), someone(), Wallet(os.urandom(32))
    unfunded = stranger.sign_voucher(Voucher(stranger.address, first, 9), scene.domain)
    receipt = scene.relayer.redeem_many(
        [scene.voucher(first, 10), unfunded, scene.voucher(second, 20), scene.voucher(first, 15)]
    )
    got = [(one.payee, one.amount_units, one.claimed_units) for one in receipt.payments]
    assert got == [(first, 10, 10), (second, 20, 20), (first, 5, 15)]
    assert scene.hub.claimed_units(scene.payer.address, first) == 15
    assert scene.hub.token_balance_units(second) == 20


def test_threads_share_a_relayer(scene: Scene) -> None:
    payees = [someone() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda to: scene.relayer.redeem_many([scene.voucher(to, 3)]), payees))
    assert [scene.hub.token_balance_units(to) for to in payees] == [3] * 6


def test_what_the_hub_refuses_is_a_sentence(scene: Scene) -> None:
    with pytest.raises(RefusedError, match="is used"):
        scene.relayer.deposit(scene.deposit)
    old = Appointment(scene.payer.address, someone(), 5, 2_000_000_000, 99)
    with pytest.raises(RefusedError, match="superseded"):
        scene.relayer.appoint(scene.payer.sign_appointment(old, scene.domain))
    with pytest.raises(RefusedError, match="at once"):
        scene.relayer.redeem_many([])
    with pytest.raises(RefusedError, match="at once"):
        scene.relayer.redeem_many([scene.voucher(someone(), 1)] * (MAX_BATCH + 1))
    with pytest.raises(RefusedError, match="alone"):
        split_signature("0x" + "00" * 66)


def test_a_relayer_without_gas_says_so(scene: Scene) -> None:
    poor = Relayer(scene.hub, os.urandom(32))
    with pytest.raises(UnavailableError, match="insufficient funds"):
        poor.redeem_many([scene.voucher(someone(), 1)])


def appoint(scene: Scene, payer: Wallet, delegate: str, cap: int) -> None:
    nonce = scene.hub.appointment_nonce(payer.address)
    appointment = Appointment(payer.address, delegate, cap, 2_000_000_000, nonce)
    scene.relayer.appoint(payer.sign_appointment(appointment, scene.domain))


def test_a_second_market_is_refused_in_one_sentence(scene: Scene) -> None:
    payer = Wallet(os.urandom(32))
    appoint(scene, payer, someone(), 500)
    with pytest.raises(RefusedError) as refusal:
        appoint(scene, payer, someone(), 500)
    assert refusal.value.sentence.en.startswith("Another market or machine still signs")
    assert "revert" not in str(refusal.value)


def test_a_revocation_under_way_is_not_counted_on(scene: Scene) -> None:
    wallet, delegate = Wallet(os.urandom(32)), someone()
    payer = wallet.address
    for cap in (500, 40):
        appoint(scene, wallet, delegate, cap)
        assert scene.hub.delegation(payer, delegate).cap_units == cap
    assert scene.hub.exit_at(payer) is None
    assert scene.hub.exit_delay_s() == 7 * 86_400
    assert scene.hub.locked_units(payer, delegate) == 0


def test_the_token_describes_itself(scene: Scene) -> None:
    assert scene.hub.token_info() == ("pUSD", 6, "Practice USD", "1")
    assert scene.hub.token() == scene.run.facts["token"]
    assert scene.domain == Domain(scene.run.facts["chain_id"], scene.hub.address)
