"""The chain process for real: money moves, and survives SIGKILL at any moment."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.market.chain.hub import Hub
from gridle.market.chain.relayer import Relayer
from gridle.market.chain.wallet import Wallet
from gridle.market.practice.chain_faucet import fund
from gridle.market.protocol.errors import GridleError, RefusedError, UnavailableError
from gridle.market.protocol.money import Appointment, SignedVoucher, Voucher
from tests.rigs.chain_run import ChainRun, token_domain

DEPOSIT = 50_000_000
CAP = 10_000_000


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "chain"


@pytest.fixture
def run(home: Path) -> Iterator[ChainRun]:
    started = ChainRun(home)
    yield started
    if started.process.poll() is None:
        started.end()


class Cast:
    """A payer with a deposit, a market that is its delegate and relays, and a payee."""

    def __init__(self, run: ChainRun, home: Path) -> None:
        key = os.urandom(32)
        self.payer, self.payee, self.market = (
            Wallet(os.urandom(32)),
            Wallet(os.urandom(32)),
            Wallet(key),
        )
        self.hub = run.hub()
        self.domain = self.hub.domain()
        fund(run.rpc_url, home, self.payer.address, token_units=DEPOSIT)
        fund(run.rpc_url, home, self.market.address, gas_wei=10**18)
        self.key = key
        relayer = Relayer(self.hub, key)
        until = int(time.time()) + 3600
        relayer.deposit(
            self.payer.authorize_deposit(
                token_domain(self.hub), self.hub.address, DEPOSIT, valid_before=until
            )
        )
        nonce = self.hub.appointment_nonce(self.payer.address)
        relayer.appoint(
            self.payer.sign_appointment(
                Appointment(self.payer.address, self.market.address, CAP, until, nonce),
                self.domain,
            )
        )

    def voucher(self, cumulative: int) -> SignedVoucher:
        promise = Voucher(self.payer.address, self.payee.address, cumulative)
        return self.market.sign_voucher(promise, self.domain)


def test_money_moves_without_gas_for_payer_or_payee_and_survives_a_kill(
    run: ChainRun, home: Path
) -> None:
    cast = Cast(run, home)
    receipt = Relayer(cast.hub, cast.key).redeem_many([cast.voucher(700)])
    (payment,) = receipt.payments
    assert (payment.amount_units, payment.claimed_units) == (700, 700)
    run.kill()
    again = ChainRun(home)
    try:
        hub = again.hub()
        assert again.facts["hub"] == run.facts["hub"]
        assert hub.token_balance_units(cast.payee.address) == 700
        assert hub.balance_units(cast.payer.address) == DEPOSIT - 700
        delegation = hub.delegation(cast.payer.address, cast.market.address)
        assert (delegation.cap_units, delegation.spent_units) == (CAP, 700)
        # A relayer that starts anew continues the nonce; what is paid is not paid again.
        relayer = Relayer(hub, cast.key)
        with pytest.raises(RefusedError, match="nothing to pay"):
            relayer.redeem_many([cast.voucher(700)])
        assert relayer.redeem_many([cast.voucher(900)]).payments[0].amount_units == 200
    finally:
        again.end()


def test_every_receipt_given_before_a_kill_is_kept(run: ChainRun, home: Path) -> None:
    cast = Cast(run, home)
    relayer = Relayer(cast.hub, cast.key)
    told: list[int] = []
    enough = threading.Event()

    def redeem() -> None:
        try:
            for cumulative in range(1, 1000):
                told.append(
                    relayer.redeem_many([cast.voucher(cumulative)]).payments[0].claimed_units
                )
                if cumulative == 5:
                    enough.set()
        except GridleError:
            return

    worker = threading.Thread(target=redeem)
    worker.start()
    assert enough.wait(30)
    run.kill()
    worker.join(60)
    again = ChainRun(home)
    try:
        claimed = again.hub().claimed_units(cast.payer.address, cast.payee.address)
        assert told[-1] <= claimed <= told[-1] + 1
        assert again.hub().token_balance_units(cast.payee.address) == claimed
    finally:
        again.end()


def test_a_hub_with_no_chain_behind_it_is_unavailable_and_the_next_server_helps(
    run: ChainRun,
) -> None:
    dead = "http://127.0.0.1:9"
    hub = Hub([dead, run.rpc_url], run.facts["hub"])
    assert hub.chain_id() == run.facts["chain_id"]
    assert abs(hub.block_time() - time.time()) < 15
    with pytest.raises(UnavailableError):
        Hub([dead], run.facts["hub"]).chain_id()
    no_hub = Hub([run.rpc_url], run.facts["token"])
    with pytest.raises(UnavailableError, match="gives no answer"):
        no_hub.exit_delay_s()


def test_ends_at_once_when_told_or_when_the_parent_is_gone(home: Path) -> None:
    told = ChainRun(home)
    assert told.end() == 0
    orphan = ChainRun(home, "--with-parent")
    orphan.process.communicate(timeout=20)  # which closes its standard input
    assert orphan.process.returncode == 0


def _failure(home: Path, *options: str) -> tuple[int, str]:
    failed = ChainRun(home, *options)
    assert failed.facts == {}
    _, error = failed.process.communicate(timeout=20)
    assert len(error.strip().splitlines()) == 1
    return failed.process.returncode, error


def test_a_second_one_on_the_same_home_is_refused(run: ChainRun, home: Path) -> None:
    assert run.facts
    status, error = _failure(home)
    assert status == RefusedError.exit_code
    assert "already running" in error


def test_a_taken_port_is_one_sentence(run: ChainRun, tmp_path: Path) -> None:
    port = run.rpc_url.rpartition(":")[2]
    status, error = _failure(tmp_path / "other", "--port", port)
    assert status == 3
    assert port in error


def test_a_damaged_store_is_reported_and_left_as_it_is(home: Path) -> None:
    ChainRun(home).end()
    store = home / "chain.sqlite"
    whole = store.read_bytes()
    damaged = whole[: len(whole) // 3] + b"\xa5" * 9000 + whole[len(whole) // 3 + 9000 :]
    for bad in (damaged, b"not a database at all" * 100):
        store.write_bytes(bad)
        status, error = _failure(home)
        assert status == 5
        assert "damaged" in error
        assert store.read_bytes() == bad


def test_a_store_that_lost_its_head_is_damaged(home: Path) -> None:
    ChainRun(home).end()
    with sqlite3.connect(home / "chain.sqlite") as connection:
        connection.execute("DELETE FROM entry WHERE key=?", (b"v1:canonical_head_hash",))
    connection.close()
    status, _ = _failure(home)
    assert status == 5


def test_a_lost_key_is_reported(home: Path) -> None:
    ChainRun(home).end()
    (home / "deployer.key").unlink()
    status, error = _failure(home)
    assert status == 5
    assert "key" in error
    assert not (home / "deployer.key").exists()


def test_the_deployers_key_is_the_owners_alone(run: ChainRun, home: Path) -> None:
    assert run.facts
    assert (home / "deployer.key").stat().st_mode & 0o777 == 0o600
