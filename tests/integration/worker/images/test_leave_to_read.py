"""Tokens are asked for by nobody in particular, and told to nobody else."""

from __future__ import annotations

import pytest

from gridle.market.protocol.errors import RefusedError
from gridle.worker.sandbox.image_archive import check_image_archive
from tests.rigs import registry_stub
from tests.rigs.registry_fetch import (
    IMAGE_SHA256,
    LAYERS,
    MANIFEST,
    Fetch,
    needs_leave,
    redirects,
    says,
    sha,
)


def test_a_redirect_is_followed_without_our_leave_to_read(fetch: Fetch) -> None:
    needs_leave(fetch.stub)
    with registry_stub.serving() as other:
        other.put(LAYERS[0])
        place = f"http://127.0.0.1:{other.port}/store/x:{sha(LAYERS[0])}"
        fetch.stub.hook(sha(LAYERS[0]), redirects(place))
        check_image_archive(fetch(), IMAGE_SHA256)
        assert [path for path, _ in other.asked] == [f"/store/x:{sha(LAYERS[0])}"]
        assert "authorization" not in other.asked[0][1]


def test_leave_to_read_is_asked_for_by_nobody_in_particular(fetch: Fetch) -> None:
    needs_leave(fetch.stub)
    check_image_archive(fetch(), IMAGE_SHA256)
    tokens = [path for path, _ in fetch.stub.asked if path.startswith("/token")]
    assert tokens == ["/token?x=1&scope=repository%3Aacme%2Ftool%3Apull&service=the%2C+%22hub%22"]


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (b"{}", "cannot be understood"),
        (b'{"token": "a b"}', "cannot be understood"),
        (b'{"token": "a\\r\\nX-Evil: 1"}', "cannot be understood"),
        (b"[" * 10_000, "cannot be understood"),
        (b'{"token": "' + b"a" * 20_000 + b'"}', "cannot be understood"),
        (b" " * 70_000, "too large"),
        (b'{"token": "wrong"}', "not give"),
    ],
    ids=["none", "blank", "lines", "deep", "long", "huge", "wrong"],
)
def test_leave_that_is_none_is_refused(fetch: Fetch, token: bytes, why: str) -> None:
    needs_leave(fetch.stub, token)
    with pytest.raises(RefusedError, match=why):
        fetch()


@pytest.mark.parametrize(
    ("challenge", "why"),
    [
        ('Bearer realm="https://evil.example/token"', "somebody else"),
        ('Bearer realm="http://169.254.169.254/"', "without encryption"),
        ('Bearer realm="https://127.0.0.1:1/",realm="https://127.0.0.1:2/"', "broken way"),
        ("Bearer", "who we are"),
        ("Bearer service=x", "no valid"),
        ('Basic realm="x"', "who we are"),
        ("", "who we are"),
        ('Bearer realm="https://127.0.0.1/' + "x" * 5000 + '"', "who we are"),
    ],
)
def test_a_strange_challenge_is_refused(fetch: Fetch, challenge: str, why: str) -> None:
    fetch.stub.hook(sha(MANIFEST), says(401, WWW_Authenticate=challenge))
    with pytest.raises(RefusedError, match=why):
        fetch()
