from __future__ import annotations

import base64
import hashlib

import pytest

from gridle.market.protocol.errors import RefusedError
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.signing import sign_request
from gridle.market.protocol.verifying import verify_request

URL = "http://market.example/v1/leases?x=1"
BODY = hashlib.sha256(b"body").hexdigest()
IDENTITY = Identity(b"\x07" * 32)


def test_a_signed_request_names_its_key_and_a_fresh_nonce() -> None:
    first = verify_request("POST", URL, sign_request(IDENTITY, "POST", URL, BODY), BODY)
    second = verify_request("POST", URL, sign_request(IDENTITY, "POST", URL, BODY), BODY)
    assert first.key == second.key == IDENTITY.public_key
    assert first.nonce != second.nonce


def test_header_names_may_come_in_any_case() -> None:
    headers = {k.upper(): v for k, v in sign_request(IDENTITY, "POST", URL, BODY).items()}
    assert verify_request("POST", URL, headers, BODY).key == IDENTITY.public_key


def test_the_host_may_differ_behind_a_proxy_but_nothing_else() -> None:
    headers = sign_request(IDENTITY, "POST", URL, BODY)
    assert verify_request("POST", URL.replace("market", "inside"), headers, BODY)
    with pytest.raises(RefusedError):
        verify_request("PUT", URL, headers, BODY)
    with pytest.raises(RefusedError):
        verify_request("POST", URL.replace("leases", "jobs"), headers, BODY)
    with pytest.raises(RefusedError):
        verify_request("POST", URL + "2", headers, BODY)
    with pytest.raises(RefusedError):
        verify_request("POST", URL, headers, hashlib.sha256(b"other").hexdigest())


def test_another_key_cannot_take_a_signature_over() -> None:
    headers = sign_request(IDENTITY, "POST", URL, BODY)
    other = Identity(b"\x08" * 32).public_key
    headers["Signature-Input"] = headers["Signature-Input"].replace(IDENTITY.public_key, other)
    with pytest.raises(RefusedError):
        verify_request("POST", URL, headers, BODY)


def test_an_old_signature_is_refused() -> None:
    headers = sign_request(IDENTITY, "POST", URL, BODY)
    created = headers["Signature-Input"].split("created=")[1].split(";")[0]
    headers["Signature-Input"] = headers["Signature-Input"].replace(created, "1000000000")
    with pytest.raises(RefusedError):
        verify_request("POST", URL, headers, BODY)


@pytest.mark.parametrize(
    "untrusted_headers",
    [
        {},
        {"Signature": "x", "Signature-Input": "y"},
        {"Signature": "a=:AA==:", "Signature-Input": 'a=("@method");keyid="zz";tag="gridle"'},
        {"Signature-Input": "\xff", "Signature": "\x00"},
    ],
)
def test_missing_or_malformed_signatures_are_refused(untrusted_headers: dict[str, str]) -> None:
    with pytest.raises(RefusedError, match="not signed"):
        verify_request("POST", URL, untrusted_headers, BODY)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/v1/settlements?after=3&wait_s=25",
        "https://market.example:444/a%20b?x=%2F+&y",
        "https://market.example",
    ],
)
def test_any_url_that_we_sign_the_library_verifies(url: str) -> None:
    headers = sign_request(IDENTITY, "GET", url, BODY)
    assert verify_request("GET", url, headers, BODY).key == IDENTITY.public_key


def test_a_key_has_one_name() -> None:
    headers = sign_request(IDENTITY, "POST", URL, BODY)
    key = IDENTITY.public_key
    spaced = " ".join(key[i : i + 2] for i in range(0, len(key), 2))
    headers["Signature-Input"] = headers["Signature-Input"].replace(key, spaced)
    parameters = headers["Signature-Input"].partition("=")[2]
    base = (
        f'"@method": POST\n"@path": /v1/leases\n"@query": ?x=1\n'
        f'"content-digest": {headers["Content-Digest"]}\n"@signature-params": {parameters}'
    )
    signature = base64.b64encode(IDENTITY.sign(base.encode())).decode()
    headers["Signature"] = f"pyhms=:{signature}:"
    with pytest.raises(RefusedError):
        verify_request("POST", URL, headers, BODY)
