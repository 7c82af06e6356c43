from __future__ import annotations

import hashlib

import pytest

from gridle.market.protocol import request_signature, signing
from gridle.market.protocol.errors import RefusedError
from gridle.market.protocol.identity import Identity

BODY_SHA256 = hashlib.sha256(b"body").hexdigest()
IDENTITY = Identity(bytes([5]) * 32)
URLS = (
    "http://127.0.0.1:8080/v1/settlements?after=3&wait_s=25",
    "https://market.example/v1/leases",
    "https://market.example:444/a%20b?x=%2F+&y",
    "https://market.example",
)


@pytest.mark.parametrize("url", URLS)
def test_what_is_signed_here_is_verified_by_the_library(url: str) -> None:
    headers = request_signature.sign_request(IDENTITY, "POST", url, BODY_SHA256)
    signed = signing.verify_request("POST", url, headers, BODY_SHA256)
    assert signed.key == IDENTITY.public_key
    with pytest.raises(RefusedError):
        signing.verify_request("PUT", url, headers, BODY_SHA256)


@pytest.mark.parametrize("url", URLS)
def test_both_signers_write_the_same_headers_but_for_the_nonce(url: str) -> None:
    ours = request_signature.sign_request(IDENTITY, "GET", url, BODY_SHA256)
    theirs = signing.sign_request(IDENTITY, "GET", url, BODY_SHA256)
    assert ours.keys() == theirs.keys()
    assert ours["Content-Digest"] == theirs["Content-Digest"]
    shape = ours["Signature-Input"].partition("created")[0]
    assert theirs["Signature-Input"].startswith(shape)
