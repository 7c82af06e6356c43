"""What the market relies on of a chain, held against the fake and against the real one."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gridle.market.chain.hub import Hub
from gridle.market.chain.relayer import Relayer
from gridle.market.chain.wallet import Wallet
from gridle.market.practice.chain_faucet import fund
from gridle.market.protocol.eip712 import Domain, address_of
from gridle.market.protocol.errors import RefusedError, UnavailableError
from gridle.market.protocol.ids import Address
from gridle.market.protocol.money import Appointment, SignedVoucher, Voucher
from gridle.market.service.chain_port import HubPort, RelayerPort
from tests.fakes.market_chain import HUB_ADDRESS, FakeHub, FakeRelayer
from tests.rigs.market_process import new_key, start_chain

DEPOSIT_UNITS = 100
CAP_UNITS = 80


@dataclass
class Chain:
    """A hub with one funded payer that appointed one delegate."""

    hub: HubPort
    relayer: RelayerPort
    silent_hub: HubPort
    payer: Wallet
    delegate: Wallet

    def promise(self, payee: Address, cumulative_units: int) -> SignedVoucher:
        voucher = Voucher(self.payer.address, payee, cumulative_units)
        return self.delegate.sign_voucher(voucher, self.hub.domain())


@pytest.fixture(scope="module", params=["fake", "real"])
def chain(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chain]:
    payer, delegate = Wallet(new_key(1)), Wallet(new_key(2))
    if request.param == "fake":
        fake = FakeHub(time.time)
        made = Chain(fake, FakeRelayer(fake), FakeHub(time.time, down=True), payer, delegate)
        _prepare(made, HUB_ADDRESS, fake.token_info()[2], nonce=0)
        yield made
        return
    home: Path = tmp_path_factory.mktemp("chain")
    process = start_chain(home)
    url, address = process.ready["rpc_url"], process.ready["hub"]
    hub = Hub([url], address)
    made = Chain(
        hub, Relayer(hub, new_key(3)), Hub(["http://127.0.0.1:9"], address), payer, delegate
    )
    fund(url, home, address_of(new_key(3)), gas_wei=10**18)
    fund(url, home, payer.address, token_units=DEPOSIT_UNITS)
    _prepare(made, address, hub.token_info().name, nonce=hub.appointment_nonce(payer.address))
    yield made
    process.end()


def _prepare(chain: Chain, hub_address: Address, token_name: str, *, nonce: int) -> None:
    version = chain.hub.token_info()[3]
    token = Domain(chain.hub.chain_id(), chain.hub.token(), token_name, version)
    until = int(time.time()) + 86_400
    chain.relayer.deposit(
        chain.payer.authorize_deposit(token, hub_address, DEPOSIT_UNITS, valid_before=until)
    )
    told = Appointment(chain.payer.address, chain.delegate.address, CAP_UNITS, until, nonce)
    chain.relayer.appoint(chain.payer.sign_appointment(told, chain.hub.domain()))


def _payee(name: str) -> Address:
    return address_of(hashlib.sha256(name.encode()).digest())


def test_an_appointment_and_its_use_can_be_read(chain: Chain) -> None:
    before = chain.hub.delegation(chain.payer.address, chain.delegate.address)
    chain.relayer.redeem_many([chain.promise(_payee("reader"), 1)])
    after = chain.hub.delegation(chain.payer.address, chain.delegate.address)
    assert (after.cap_units, after.spent_units) == (CAP_UNITS, before.spent_units + 1)
    assert after.expiry > time.time()
    nobody = chain.hub.delegation(chain.payer.address, _payee("nobody"))
    assert (nobody.cap_units, nobody.spent_units, nobody.expiry) == (0, 0, 0)


def test_a_voucher_pays_what_is_new_and_once(chain: Chain) -> None:
    payee = _payee("worker")
    balance = chain.hub.balance_units(chain.payer.address)
    assert chain.hub.claimed_units(chain.payer.address, payee) == 0
    receipt = chain.relayer.redeem_many([chain.promise(payee, 5)])
    assert receipt.tx_hash.startswith("0x")
    assert receipt.block_number > 0
    chain.relayer.redeem_many([chain.promise(payee, 12), chain.promise(payee, 5)])
    assert chain.hub.claimed_units(chain.payer.address, payee) == 12
    assert chain.hub.balance_units(chain.payer.address) == balance - 12


def test_a_bad_voucher_does_not_hold_up_a_good_one(chain: Chain) -> None:
    payee = _payee("beside a bad one")
    stranger = Wallet(new_key(9))
    bad = stranger.sign_voucher(
        Voucher(chain.payer.address, stranger.address, 5), chain.hub.domain()
    )
    chain.relayer.redeem_many([bad, chain.promise(payee, 3)])
    assert chain.hub.claimed_units(chain.payer.address, payee) == 3
    assert chain.hub.claimed_units(chain.payer.address, stranger.address) == 0


def test_a_payers_own_voucher_does_not_touch_the_delegates_cover(chain: Chain) -> None:
    payee = _payee("friend of the payer")
    before = chain.hub.balance_units(chain.payer.address)
    own = chain.payer.sign_voucher(Voucher(chain.payer.address, payee, before), chain.hub.domain())
    chain.relayer.redeem_many([own, chain.promise(_payee("at work"), 2)])
    assert chain.hub.claimed_units(chain.payer.address, payee) == 0
    assert chain.hub.balance_units(chain.payer.address) == before - 2


def test_a_second_delegate_is_refused_while_the_first_signs(chain: Chain) -> None:
    second = _payee("another delegate")
    until = int(time.time()) + 86_400
    told = Appointment(chain.payer.address, second, CAP_UNITS, until, nonce=1)
    with pytest.raises(RefusedError, match="Another"):
        chain.relayer.appoint(chain.payer.sign_appointment(told, chain.hub.domain()))
    assert chain.hub.delegation(chain.payer.address, second).cap_units == 0


def test_nobody_asked_to_leave(chain: Chain) -> None:
    assert chain.hub.exit_at(chain.payer.address) is None
    assert chain.hub.exit_delay_s() > 0


def test_a_silent_chain_is_said(chain: Chain) -> None:
    for ask in (chain.silent_hub.domain, chain.silent_hub.chain_id, chain.silent_hub.token):
        with pytest.raises(UnavailableError):
            ask()
