from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.images.addresses import PlaceError, read_url
from gridle.worker.images.bearer import read_challenge, read_token, token_place

HUB = read_url("https://registry-1.docker.io/v2/")
CHALLENGE = (
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",'
    'scope="repository:evil/other:pull,push"'
)


def test_the_hubs_challenge_leads_to_a_token_for_what_we_want_alone() -> None:
    challenge = read_challenge(CHALLENGE, HUB)
    assert token_place(challenge, "library/debian").url == (
        "https://auth.docker.io/token?scope=repository%3Alibrary%2Fdebian%3Apull"
        "&service=registry.docker.io"
    )


@pytest.mark.parametrize(
    ("registry", "realm"),
    [
        ("https://ghcr.io/", "https://ghcr.io/token"),
        ("https://registry.gitlab.example/", "https://gitlab.example/jwt/auth"),
        ("https://quay.io:8443/", "https://quay.io/v2/auth"),
        ("http://127.0.0.1:1/", "http://localhost:2/token"),
    ],
)
def test_one_owners_hosts_belong_together(registry: str, realm: str) -> None:
    found = read_challenge(f'bearer realm="{realm}"', read_url(registry))
    assert found.realm == read_url(realm)


@pytest.mark.parametrize(
    ("registry", "realm"),
    [
        ("https://ghcr.io/", "https://evil.example/token"),
        ("https://ghcr.io/", "https://io/token"),
        ("https://10.0.0.1/", "https://11.0.0.1/token"),
        ("https://localhost/", "https://evil/"),
    ],
)
def test_strangers_are_not_asked(registry: str, realm: str) -> None:
    with pytest.raises(PlaceError, match="somebody else"):
        read_challenge(f'Bearer realm="{realm}"', read_url(registry))


@given(st.text(max_size=80))
def test_any_header_is_read_or_refused(text: str) -> None:
    for header in (text, f"Bearer {text}", f'Bearer realm="{text}"'):
        try:
            found = read_challenge(header, HUB)
            token_place(found, "a/b")
        except PlaceError:
            continue
        assert found.realm.host.endswith("docker.io")


@given(st.binary(max_size=200))
def test_any_token_is_read_or_refused(body: bytes) -> None:
    for each in (body, b'{"token": "' + body + b'"}'):
        try:
            token = read_token(each)
        except PlaceError:
            continue
        assert token.isascii()
        assert not any(char.isspace() for char in token)
