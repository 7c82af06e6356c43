"""Signed requests: HTTP Message Signatures (RFC 9421) with Ed25519.

Covered: method, path, query and Content-Digest (RFC 9530), with creation time, key id and a
nonce. The receiver refuses old signatures and repeated nonces (the latter is its own memory).
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
    InvalidSignature,
)
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from gridle.market.protocol.errors import RefusedError
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.ids import PublicKey, Sha256

MAX_AGE = timedelta(seconds=120)
TAG = "gridle"
_COVERED = ("@method", "@path", "@query", "content-digest")


class _Ed25519(HTTPSignatureAlgorithm):
    """The library's own adapter wants PEM keys; ours are 32 raw bytes."""

    algorithm_id = "ed25519"

    def __init__(
        self, public_key: bytes | None = None, private_key: Identity | None = None
    ) -> None:
        self.public_key = public_key
        self.private_key = private_key

    def sign(self, message: bytes) -> bytes:
        if self.private_key is None:
            raise HTTPMessageSignaturesException
        return self.private_key.sign(message)

    def verify(self, signature: bytes, message: bytes) -> None:
        try:
            VerifyKey(self.public_key or b"").verify(message, signature)
        except (BadSignatureError, ValueError, TypeError) as error:
            raise InvalidSignature from error


class _OwnKey(HTTPSignatureKeyResolver):
    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def resolve_private_key(self, key_id: str) -> Identity:  # noqa: ARG002 - there is only one
        return self._identity

    def resolve_public_key(self, key_id: str) -> bytes:
        return bytes.fromhex(key_id)


class _KeyIdIsKey(HTTPSignatureKeyResolver):
    """The key id is the public key itself; whether it is welcome is the receiver's question."""

    def resolve_public_key(self, key_id: str) -> bytes:
        return bytes.fromhex(key_id)

    def resolve_private_key(self, key_id: str) -> Identity:
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


def content_digest(sha256: Sha256) -> str:
    """Return the Content-Digest header (RFC 9530) for a body with this SHA-256."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


def sign_request(identity: Identity, method: str, url: str, body_sha256: Sha256) -> dict[str, str]:
    """Return the headers that sign a request.

    Args:
        identity: whose key signs.
        method: the HTTP method in upper case.
        url: the absolute URL with its query.
        body_sha256: digest of the body (of no bytes where there is none).
    """
    message = _Message(method, url, {"Content-Digest": content_digest(body_sha256)})
    HTTPMessageSigner(signature_algorithm=_Ed25519, key_resolver=_OwnKey(identity)).sign(
        message,
        key_id=identity.public_key,
        created=datetime.now(UTC),
        nonce=secrets.token_urlsafe(16),
        tag=TAG,
        covered_component_ids=_COVERED,
        use_existing_digest=True,
    )
    return dict(message.headers)


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
    except (HTTPMessageSignaturesException, InvalidSignature, KeyError, ValueError) as error:
        raise _refused() from error
    if headers.get("content-digest") != content_digest(body_sha256) or key != key.lower():
        raise _refused()
    return Signed(key, nonce)


def _refused() -> RefusedError:
    return RefusedError(
        "This request is not signed by a valid key within the last two minutes; "
        "check this machine's clock and try again.",
        "此请求没有在最近两分钟内由有效密钥签名；请检查本机时钟后重试。",
    )
