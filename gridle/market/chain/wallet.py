"""A wallet: one secp256k1 key in a V3 keystore, and the statements that it signs.

This module stays light: no web3, so that the app can sign without it.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any, Literal

from eth_keyfile.keyfile import create_keyfile_json, decode_keyfile_json

from gridle.market.protocol.eip712 import (
    Domain,
    address_of,
    address_word,
    checksum_address,
    sign_digest,
    typed_digest,
    uint_word,
)
from gridle.market.protocol.errors import CorruptStateError, InvalidInputError, RefusedError
from gridle.market.protocol.ids import Address, PublicKey, Signature
from gridle.market.protocol.job_messages import DepositAuthorization, SignedAppointment
from gridle.market.protocol.money import (
    Appointment,
    JobOrder,
    SignedOrder,
    SignedVoucher,
    Voucher,
    client_key_digest,
    payout_change_digest,
)

RECEIVE_TYPE = (
    "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,"
    "uint256 validBefore,bytes32 nonce)"
)
KEY_BYTES = 32
MAX_KEYSTORE_BYTES = 64 * 1024
SCRYPT_ROUNDS = 2**18
"""The cost that common wallets choose: about a second for each guess of the password."""
PBKDF2_ROUNDS = 1_000_000

Kdf = Literal["scrypt", "pbkdf2"]


class Wallet:
    """A key in memory that shows only its address and signs only Gridle's statements."""

    def __init__(self, private_key: bytes) -> None:
        self._private_key = private_key
        self.address = address_of(private_key)

    def __repr__(self) -> str:
        return f"Wallet({self.address})"

    def sign_order(self, order: JobOrder, domain: Domain) -> SignedOrder:
        """Order a job and stand for its budget."""
        return SignedOrder(order=order, signature=self._sign(order.digest(domain)))

    def sign_voucher(self, voucher: Voucher, domain: Domain) -> SignedVoucher:
        """Promise a payee its cumulative pay, as the payer or as its delegate."""
        signature = self._sign(voucher.digest(domain))
        return SignedVoucher(voucher=voucher, signer=self.address, signature=signature)

    def sign_appointment(self, appointment: Appointment, domain: Domain) -> SignedAppointment:
        """Appoint a delegate."""
        signature = self._sign(appointment.digest(domain))
        return SignedAppointment(appointment=appointment, signature=signature)

    def sign_client_key(self, client_key: PublicKey, domain: Domain) -> Signature:
        """Let requests signed by `client_key` speak for this wallet."""
        return self._sign(client_key_digest(domain, client_key, self.address))

    def sign_payout_change(
        self, node: PublicKey, payout: Address, issued_at: int, domain: Domain
    ) -> Signature:
        """Move a node's pay from this wallet to `payout`; `issued_at` in Unix seconds."""
        return self._sign(payout_change_digest(domain, node, payout, issued_at))

    def authorize_deposit(
        self, token_domain: Domain, hub: Address, value_units: int, *, valid_before: int
    ) -> DepositAuthorization:
        """Hand `value_units` to the hub as this wallet's deposit (EIP-3009), without gas.

        Args:
            token_domain: the EIP-712 domain of the token, not of the hub.
            hub: the only contract that can take it.
            value_units: how much.
            valid_before: Unix seconds until when it can be taken.
        """
        nonce = secrets.token_bytes(32)
        digest = typed_digest(
            token_domain,
            RECEIVE_TYPE,
            address_word(self.address),
            address_word(hub),
            uint_word(value_units),
            uint_word(0),
            uint_word(valid_before),
            nonce,
        )
        return DepositAuthorization(
            payer=self.address,
            value_units=value_units,
            valid_after=0,
            valid_before=valid_before,
            nonce=nonce.hex(),
            signature=self._sign(digest),
        )

    def _sign(self, digest: bytes) -> Signature:
        return sign_digest(self._private_key, digest)


def create_wallet(
    path: Path, password: str, *, kdf: Kdf = "scrypt", rounds: int | None = None
) -> Wallet:
    """Make a new key and keep it at `path` in an owner-only V3 keystore.

    Args:
        path: a file that does not exist yet.
        password: without it the key is lost.
        kdf: how the password is stretched.
        rounds: its cost; the default is right for all but tests.

    Raises:
        RefusedError: there is a file already; a key is never overwritten.
    """
    if path.exists():
        raise RefusedError(
            f"There is a wallet at {path} already; open it, or choose another place.",
            f"{path} 处已有钱包；请打开它，或另选位置。",
        )
    key = _new_key()
    cost = rounds or (SCRYPT_ROUNDS if kdf == "scrypt" else PBKDF2_ROUNDS)
    keystore = create_keyfile_json(key, password.encode(), version=3, kdf=kdf, iterations=cost)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(path.suffix + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(keystore, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return Wallet(key)


def load_wallet(path: Path, password: str) -> Wallet:
    """Open the keystore at `path`.

    Raises:
        InvalidInputError: there is none, or the password is wrong.
        CorruptStateError: the file is damaged; it is left as it is.
    """
    keystore = _read_keystore(path)
    try:
        key = decode_keyfile_json(keystore, password.encode())
    except ValueError as error:
        # The library says so in words only; anything else means that a field is damaged.
        if "MAC" not in str(error):
            raise _damaged(path) from error
        raise InvalidInputError(
            "This password does not open the wallet; check it and try again.",
            "密码无法打开此钱包；请检查后重试。",
        ) from error
    except (KeyError, TypeError, AttributeError, NotImplementedError) as error:
        raise _damaged(path) from error
    wallet = Wallet(key)
    stated = keystore.get("address")
    if stated and checksum_address(str(stated)) != wallet.address:
        raise _damaged(path)
    return wallet


def _read_keystore(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            untrusted_text = file.read(MAX_KEYSTORE_BYTES + 1)
    except FileNotFoundError as error:
        raise InvalidInputError(
            f"There is no wallet at {path}; make one, or choose the right file.",
            f"{path} 处没有钱包；请新建，或选择正确的文件。",
        ) from error
    try:
        untrusted_keystore = json.loads(untrusted_text)
    except ValueError as error:
        raise _damaged(path) from error
    if not isinstance(untrusted_keystore, dict) or len(untrusted_text) > MAX_KEYSTORE_BYTES:
        raise _damaged(path)
    return untrusted_keystore


def _new_key() -> bytes:
    # All but 2^-128 of 32-byte strings are keys of secp256k1.
    return secrets.token_bytes(KEY_BYTES)


def _damaged(path: Path) -> CorruptStateError:
    return CorruptStateError(
        f"The wallet file {path} is damaged and was left as it is; restore it from a backup.",
        f"钱包文件 {path} 已损坏，已原样保留；请从备份恢复。",
    )
