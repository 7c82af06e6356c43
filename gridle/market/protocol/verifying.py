"""Checks signed requests: HTTP Message Signatures (RFC 9421) with Ed25519.

Covered: method, path, query and Content-Digest (RFC 9530), with creation time, key id and a
nonce. The receiver refuses old signatures and repeated nonces (the latter is its own memory).
Signing is `signing.py`, which does without the library used here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import timedelta

from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
    InvalidSignature,
)
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from gridle.market.protocol.errors import RefusedError
from gridle.market.protocol.ids import PublicKey, Sha256
from gridle.market.protocol.signing import TAG, content_digest

MAX_AGE = timedelta(seconds=120)
_COVERED = ("@method", "@path", "@query", "content-digest")
_KEY = re.compile(r"[0-9a-f]{64}")
_NOT_VERIFIED = (HTTPMessageSignaturesException, InvalidSignature, KeyError, ValueError, TypeError)


class _Ed25519(HTTPSignatureAlgorithm):
    """The library's own adapter wants PEM keys; ours are 32 raw bytes."""

    algorithm_id = "ed25519"

    def __init__(self, public_key: bytes) -> None:
        self.public_key = public_key

    def sign(self, message: bytes) -> bytes:
        raise HTTPMessageSignaturesException(message)

    def verify(self, signature: bytes, message: bytes) -> None:
        try:
            VerifyKey(self.public_key).verify(message, signature)
        except (BadSignatureError, ValueError, TypeError) as error:
            raise InvalidSignature from error


class _KeyIdIsKey(HTTPSignatureKeyResolver):
    """The key id is the public key itself; whether it is welcome is the receiver's question."""

    def resolve_public_key(self, key_id: str) -> bytes:
        return bytes.fromhex(key_id)

    def resolve_private_key(self, key_id: str) -> bytes:
        raise HTTPMessageSignaturesException(key_id)


@dataclass
class _Message:
    method: str
    url: str
    headers: MutableMapping[str, str]


@dataclass(frozen=True)
class Signed:
    """Who signed a request, and the nonce that must not come again from that key."""

    key: PublicKey
    nonce: str
    created: int
    """Unix seconds, as the sender's clock tells them."""


def verify_request(
    method: str, url: str, untrusted_headers: Mapping[str, str], body_sha256: Sha256
) -> Signed:
    """Check a request's signature against its own key id and the digest of the body received.

    Raises:
        RefusedError: unsigned, forged, too old, or the body is not the one that was signed.
    """
    headers = {name.lower(): value for name, value in untrusted_headers.items()}
    verifier = HTTPMessageVerifier(signature_algorithm=_Ed25519, key_resolver=_KeyIdIsKey())
    try:
        result = verifier.verify(
            _Message(method, url, headers),
            max_age=MAX_AGE,
            expect_tag=TAG,
            require_components=_COVERED,
        )[0]
        parameters = result.parameters
        nonce, key = str(parameters["nonce"]), str(parameters["keyid"])
        created = int(parameters["created"])
    except _NOT_VERIFIED as error:
        raise _refused() from error
    # One key has one name: the hex digits that `fromhex` takes also come with spaces.
    if headers.get("content-digest") != content_digest(body_sha256) or not _KEY.fullmatch(key):
        raise _refused()
    return Signed(key, nonce, created)


def _refused() -> RefusedError:
    return RefusedError(
        "This request is not signed by a valid key within the last two minutes; "
        "check this machine's clock and try again.",
        "此请求没有在最近两分钟内由有效密钥签名；请检查本机时钟后重试。",
    )
