"""Checked against eth-account, an independent implementation of EIP-712."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from gridle.market.protocol.eip712 import (
    Domain,
    address_of,
    checksum_address,
    recover_signer,
    sign_digest,
)
from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.ids import MAX_UNITS
from gridle.market.protocol.keccak import keccak256
from gridle.market.protocol.money import (
    APPOINTMENT_TYPE,
    ORDER_TYPE,
    VOUCHER_TYPE,
    Appointment,
    JobOrder,
    SignedVoucher,
    Voucher,
)

KEYS = st.integers(1, 2**255).map(lambda number: number.to_bytes(32, "big"))
ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda raw: checksum_address(raw.hex()))
UNITS = st.integers(0, MAX_UNITS)
DOMAIN = Domain(chain_id=31337, verifying_contract="0x" + "11" * 20)


def _by_eth_account(type_string: str, message: dict[str, Any]) -> bytes:
    name, fields = type_string.rstrip(")").split("(")
    members = [dict(zip(("type", "name"), f.split(" "), strict=True)) for f in fields.split(",")]
    signable = encode_typed_data(
        domain_data={
            "name": DOMAIN.name,
            "version": DOMAIN.version,
            "chainId": DOMAIN.chain_id,
            "verifyingContract": DOMAIN.verifying_contract,
        },
        message_types={name: members},
        message_data=message,
    )
    return keccak256(b"\x19" + signable.version + signable.header + signable.body)


@given(ADDRESSES, ADDRESSES, UNITS)
def test_voucher_digest_is_the_standards(payer: str, payee: str, units: int) -> None:
    assert Voucher(payer, payee, units).digest(DOMAIN) == _by_eth_account(
        VOUCHER_TYPE, {"payer": payer, "payee": payee, "cumulative": units}
    )


@given(ADDRESSES, ADDRESSES, UNITS, st.integers(0, 2**40), st.integers(0, 2**64))
def test_appointment_digest_is_the_standards(
    payer: str, delegate: str, cap: int, expiry: int, nonce: int
) -> None:
    assert Appointment(payer, delegate, cap, expiry, nonce).digest(DOMAIN) == _by_eth_account(
        APPOINTMENT_TYPE,
        {"payer": payer, "delegate": delegate, "cap": cap, "expiry": expiry, "nonce": nonce},
    )


@given(st.binary(min_size=32, max_size=32), ADDRESSES, UNITS, st.integers(0, 2**40))
def test_order_digest_is_the_standards(manifest: bytes, payer: str, units: int, at: int) -> None:
    assert JobOrder(manifest.hex(), payer, units, at).digest(DOMAIN) == _by_eth_account(
        ORDER_TYPE, {"manifest": manifest, "payer": payer, "budget": units, "validUntil": at}
    )


@given(KEYS, st.binary(min_size=32, max_size=32))
def test_a_signature_recovers_to_its_signer(key: bytes, digest: bytes) -> None:
    assert address_of(key) == Account.from_key(key).address
    assert recover_signer(digest, sign_digest(key, digest)) == address_of(key)


@given(KEYS, KEYS)
def test_a_voucher_signed_by_another_is_not_its_signers(key: bytes, other: bytes) -> None:
    voucher = Voucher("0x" + "22" * 20, "0x" + "33" * 20, 5)
    signature = sign_digest(other, voucher.digest(DOMAIN))
    signed = SignedVoucher(voucher, address_of(key), signature)
    assert signed.is_signed_by_signer(DOMAIN) == (key == other)


@pytest.mark.parametrize(
    "untrusted_signature",
    ["0x" + "00" * 65, "0x" + "ff" * 65, "0x" + "11" * 64 + "1d", "0x" + "11" * 66],
)
def test_a_malformed_signature_is_refused(untrusted_signature: str) -> None:
    with pytest.raises(InvalidInputError):
        recover_signer(b"\x01" * 32, untrusted_signature)


def test_a_malleable_signature_is_refused() -> None:
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    raw = bytes.fromhex(sign_digest(b"\x05" * 32, b"\x01" * 32)[2:])
    high_s = (order - int.from_bytes(raw[32:64], "big")).to_bytes(32, "big")
    twin = raw[:32] + high_s + bytes([55 - raw[64]])
    with pytest.raises(InvalidInputError):
        recover_signer(b"\x01" * 32, "0x" + twin.hex())
