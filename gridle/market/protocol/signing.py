"""Signs requests as `verifying.py` checks them, without that module's library.

The library brings 13 MB of general cryptography, which a worker that only signs would carry all
its life; tests have the library check what is written here. The form is RFC 9421's signature
base (2.5).
"""

from __future__ import annotations

import base64
import secrets
import time
from urllib.parse import urlsplit

from gridle.market.protocol.identity import Identity
from gridle.market.protocol.ids import Sha256

TAG = "gridle"
_LABEL = "pyhms"
"""The name of the signature among others; the one that the verifier's library uses as well."""


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
    parts = urlsplit(url)
    digest = content_digest(body_sha256)
    parameters = (
        '("@method" "@path" "@query" "content-digest")'
        f';created={int(time.time())};keyid="{identity.public_key}";alg="ed25519"'
        f';nonce="{secrets.token_urlsafe(16)}";tag="{TAG}"'
    )
    base = (
        f'"@method": {method}\n"@path": {parts.path or "/"}\n"@query": ?{parts.query}\n'
        f'"content-digest": {digest}\n"@signature-params": {parameters}'
    )
    signature = base64.b64encode(identity.sign(base.encode())).decode()
    return {
        "Content-Digest": digest,
        "Signature-Input": f"{_LABEL}={parameters}",
        "Signature": f"{_LABEL}=:{signature}:",
    }
