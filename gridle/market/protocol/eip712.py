"""EIP-712 hashing and ECDSA recovery for the fixed, static structs that Gridle signs.

Every field is one 32-byte word (address, uint256, bytes32), so encoding is concatenation; the
general encoder with its 40 MB of imports stays out of the worker. Primitives are libsecp256k1
(coincurve) and Keccak-256 (pycryptodome).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.ids import Address, Signature
from gridle.market.protocol.keccak import keccak256

if TYPE_CHECKING:
    from coincurve import PublicKey

WORD_BYTES = 32
SIGNATURE_BYTES = 65
DOMAIN_NAME = "Gridle PaymentHub"
DOMAIN_VERSION = "1"
_DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


class Domain(Struct, frozen=True):
    """What binds a signature to one contract on one chain (EIP-712, EIP-5267)."""

    chain_id: int
    verifying_contract: Address
    name: str = DOMAIN_NAME
    version: str = DOMAIN_VERSION

    def separator(self) -> bytes:
        """Return the domain separator, 32 bytes."""
        return keccak256(
            keccak256(_DOMAIN_TYPE.encode())
            + keccak256(self.name.encode())
            + keccak256(self.version.encode())
            + uint_word(self.chain_id)
            + address_word(self.verifying_contract)
        )


def uint_word(value: int) -> bytes:
    """Encode an unsigned integer as one ABI word."""
    return value.to_bytes(WORD_BYTES, "big")


def address_word(address: Address) -> bytes:
    """Encode an address as one ABI word."""
    return bytes.fromhex(address[2:]).rjust(WORD_BYTES, b"\0")


def typed_digest(domain: Domain, type_string: str, *words: bytes) -> bytes:
    """Return the EIP-712 digest of a struct whose fields are all single words."""
    struct_hash = keccak256(keccak256(type_string.encode()) + b"".join(words))
    return keccak256(b"\x19\x01" + domain.separator() + struct_hash)


def checksum_address(untrusted_address: str) -> Address:
    """Return an address in EIP-55 checksummed form."""
    lower = untrusted_address.removeprefix("0x").lower()
    digest = keccak256(lower.encode()).hex()
    return "0x" + "".join(
        char.upper() if int(nibble, 16) >= 8 else char  # noqa: PLR2004 - EIP-55's threshold
        for char, nibble in zip(lower, digest, strict=False)
    )


def address_of(private_key: bytes) -> Address:
    """Return the address that a secp256k1 private key controls."""
    from coincurve import PrivateKey  # noqa: PLC0415 - 1 MB that a worker without vouchers does without

    return _address_of_public(PrivateKey(private_key).public_key)


def sign_digest(private_key: bytes, digest: bytes) -> Signature:
    """Sign a 32-byte digest; returns r‖s‖v in hex with v of 27 or 28."""
    from coincurve import PrivateKey  # noqa: PLC0415 - as above

    signature = PrivateKey(private_key).sign_recoverable(digest, hasher=None)
    return "0x" + signature[:64].hex() + bytes([signature[64] + 27]).hex()


def recover_signer(digest: bytes, untrusted_signature: Signature) -> Address:
    """Return who signed `digest`.

    Raises:
        InvalidInputError: the signature is malformed, malleable (high s) or of no key.
    """
    from coincurve import PublicKey  # noqa: PLC0415 - as above

    raw = bytes.fromhex(untrusted_signature[2:])
    if len(raw) != SIGNATURE_BYTES or raw[64] not in (27, 28):
        raise _bad_signature()
    if int.from_bytes(raw[32:64], "big") > _HALF_ORDER:
        raise _bad_signature()
    try:
        public = PublicKey.from_signature_and_message(
            raw[:64] + bytes([raw[64] - 27]), digest, hasher=None
        )
    except Exception as error:  # coincurve raises bare Exception for an impossible point
        raise _bad_signature() from error
    return _address_of_public(public)


def _address_of_public(public: PublicKey) -> Address:
    return checksum_address(keccak256(public.format(compressed=False)[1:])[12:].hex())


def _bad_signature() -> InvalidInputError:
    return InvalidInputError(
        "This wallet signature is not valid; sign again with the wallet's own key.",
        "此钱包签名无效；请用该钱包自己的密钥重新签名。",
    )
