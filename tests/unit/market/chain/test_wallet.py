"""Wallet files and what a wallet signs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gridle.market.chain.wallet import RECEIVE_TYPE, Wallet, create_wallet, load_wallet
from gridle.market.protocol.eip712 import (
    Domain,
    address_word,
    recover_signer,
    typed_digest,
    uint_word,
)
from gridle.market.protocol.errors import CorruptStateError, InvalidInputError, RefusedError
from gridle.market.protocol.money import (
    Appointment,
    JobOrder,
    Voucher,
    client_key_digest,
    payout_change_digest,
)

HUB = "0x" + "11" * 20
PAYEE = "0x" + "22" * 20
DOMAIN = Domain(31_437, HUB)


def make(path: Path) -> Wallet:
    return create_wallet(path, "correct horse", kdf="pbkdf2", rounds=10)


def test_a_wallet_opens_with_its_password_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "wallet.json"
    wallet = make(path)
    assert load_wallet(path, "correct horse").address == wallet.address
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["wallet.json"]
    with pytest.raises(InvalidInputError, match="password"):
        load_wallet(path, "wrong")


def test_scrypt_keystores_open_too(tmp_path: Path) -> None:
    path = tmp_path / "wallet.json"
    wallet = create_wallet(path, "päss", kdf="scrypt", rounds=2)
    assert load_wallet(path, "päss").address == wallet.address


def test_a_wallet_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "wallet.json"
    make(path)
    before = path.read_bytes()
    with pytest.raises(RefusedError, match="already"):
        make(path)
    assert path.read_bytes() == before


def test_a_missing_wallet_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no wallet"):
        load_wallet(tmp_path / "wallet.json", "x")


def _without_crypto(keystore: dict[str, object]) -> bytes:
    return json.dumps({**keystore, "crypto": {}}).encode()


def _of_another_address(keystore: dict[str, object]) -> bytes:
    return json.dumps({**keystore, "address": "33" * 20}).encode()


def test_a_damaged_wallet_is_reported_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "wallet.json"
    make(path)
    keystore = json.loads(path.read_text())
    whole = path.read_bytes()
    for damaged in (
        b"",
        whole[: len(whole) // 2],
        b"[]",
        b"\xff" * 100,
        b" " * 70_000 + whole,
        _without_crypto(keystore),
        _of_another_address(keystore),
        json.dumps({**keystore, "version": 9}).encode(),
    ):
        path.write_bytes(damaged)
        with pytest.raises(CorruptStateError):
            load_wallet(path, "correct horse")
        assert path.read_bytes() == damaged


def test_every_statement_is_signed_by_the_wallet(tmp_path: Path) -> None:
    wallet = make(tmp_path / "wallet.json")
    order = wallet.sign_order(JobOrder("ab" * 32, wallet.address, 500, 2_000_000_000), DOMAIN)
    assert order.is_signed_by_payer(DOMAIN)
    voucher = wallet.sign_voucher(Voucher(wallet.address, PAYEE, 70), DOMAIN)
    assert voucher.is_signed_by_signer(DOMAIN)
    appointment = Appointment(wallet.address, PAYEE, 9, 2_000_000_000, 0)
    signed = wallet.sign_appointment(appointment, DOMAIN)
    assert recover_signer(appointment.digest(DOMAIN), signed.signature) == wallet.address
    key = "cd" * 32
    signature = wallet.sign_client_key(key, DOMAIN)
    assert recover_signer(client_key_digest(DOMAIN, key, wallet.address), signature) == (
        wallet.address
    )
    signature = wallet.sign_payout_change(key, PAYEE, 123, DOMAIN)
    assert recover_signer(payout_change_digest(DOMAIN, key, PAYEE, 123), signature) == (
        wallet.address
    )


def test_a_deposit_names_the_hub_and_has_a_fresh_nonce(tmp_path: Path) -> None:
    wallet = make(tmp_path / "wallet.json")
    token = Domain(31_437, PAYEE, "Practice USD", "1")
    first = wallet.authorize_deposit(token, HUB, 1000, valid_before=2_000_000_000)
    second = wallet.authorize_deposit(token, HUB, 1000, valid_before=2_000_000_000)
    assert first.nonce != second.nonce
    digest = typed_digest(
        token,
        RECEIVE_TYPE,
        address_word(wallet.address),
        address_word(HUB),
        uint_word(1000),
        uint_word(0),
        uint_word(2_000_000_000),
        bytes.fromhex(first.nonce),
    )
    assert recover_signer(digest, first.signature) == wallet.address


def test_shows_no_secret() -> None:
    wallet = Wallet(b"\x07" * 32)
    assert repr(wallet) == f"Wallet({wallet.address})"


def test_stays_light() -> None:
    code = "import gridle.market.chain.wallet, sys; sys.exit('web3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
