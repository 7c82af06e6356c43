"""The door itself: signatures, replays, blobs, ranges, bad bodies."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridle.market.protocol import routes
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.messages import ErrorReply
from gridle.market.protocol.signing import sign_request
from tests.rigs.market_process import MarketRig, Party, Provider, new_key

POSTS = [
    routes.NODES,
    routes.LEASES,
    routes.LEASES_RENEW,
    routes.REPORTS,
    routes.REQUESTORS,
    routes.JOBS,
    routes.job_cancel("job-0123456789abcdef"),
    routes.job_verdicts("job-0123456789abcdef"),
    routes.job_keys("job-0123456789abcdef"),
    routes.RELAY_DEPOSITS,
    routes.RELAY_APPOINTMENTS,
]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["runtimes", "slots", "reports", "order", "payer", "x"]) | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def node(rig: MarketRig) -> Provider:
    return rig.provider(77)


def _sentence(answer: requests.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    reply = msgspec.json.decode(answer.content, type=ErrorReply)
    assert reply.sentence.zh
    return reply.sentence.en


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    path=st.sampled_from(POSTS),
    body=st.binary(max_size=200) | JSON.map(msgspec.json.encode),
    is_signed=st.booleans(),
)
def test_no_body_makes_the_market_fail(
    rig: MarketRig, node: Provider, path: str, body: bytes, *, is_signed: bool
) -> None:
    if is_signed:
        answer = node.send("POST", path, body)
    else:
        answer = requests.post(rig.url + path, data=body, timeout=10)
    assert 400 <= answer.status_code < 500, answer.text
    _sentence(answer, answer.status_code)


@settings(max_examples=30, deadline=None)
@given(query=st.text(st.characters(codec="ascii"), max_size=30))
def test_no_query_makes_the_market_fail(rig: MarketRig, node: Provider, query: str) -> None:
    url = requests.Request("GET", rig.url + routes.SETTLEMENTS, params={"after": query}).prepare()
    assert url.url is not None
    answer = node.send("GET", url.url.removeprefix(rig.url))
    assert answer.status_code in (200, 400, 401)


def test_a_request_that_was_sent_before_is_refused(rig: MarketRig, node: Provider) -> None:
    url = rig.url + routes.SETTLEMENTS
    headers = sign_request(node.identity, "GET", url, hashlib.sha256(b"").hexdigest())
    assert requests.get(url, headers=headers, timeout=10).status_code == 200
    assert "sent before" in _sentence(requests.get(url, headers=headers, timeout=10), 401)


def test_a_signature_for_one_path_is_not_lent_to_another_by_the_host_header(
    rig: MarketRig, node: Provider
) -> None:
    signed_for = rig.url + routes.MARKET
    headers = sign_request(node.identity, "GET", signed_for, hashlib.sha256(b"").hexdigest())
    answer = requests.get(
        rig.url + routes.SETTLEMENTS,
        headers={**headers, "Host": f"market{routes.MARKET}#"},
        timeout=10,
    )
    assert answer.status_code in (400, 401)
    headers = sign_request(
        node.identity, "GET", signed_for + "?x=", hashlib.sha256(b"").hexdigest()
    )
    answer = requests.get(
        rig.url + routes.SETTLEMENTS,
        headers={**headers, "Host": f"market{routes.MARKET}?x="},
        timeout=10,
    )
    assert answer.status_code in (400, 401)


def test_a_deeply_nested_body_is_refused_in_a_sentence(node: Provider) -> None:
    for body in (b"[" * 1_000_000, b'{"reports":' * 300_000, b"9" * 1_000_000):
        _sentence(node.send("POST", routes.REPORTS, body), 400)


def test_a_key_that_is_not_enrolled_gets_nothing(rig: MarketRig) -> None:
    stranger = Party(rig.url, Identity(new_key(1)))
    content = b"from a stranger"
    path = routes.blob(hashlib.sha256(content).hexdigest())
    assert "not enrolled" in _sentence(stranger.send("PUT", path, content), 403)
    assert "not enrolled" in _sentence(stranger.send("GET", path), 403)
    assert "not enrolled" in _sentence(stranger.send("GET", routes.SETTLEMENTS), 403)
    assert "not enrolled" in _sentence(stranger.send("GET", routes.JOBS), 403)


def test_a_blob_comes_back_whole_and_in_ranges(node: Provider) -> None:
    content = bytes(range(256)) * 10_000
    sha256 = node.upload(content)
    assert node.upload(content) == sha256
    path = routes.blob(sha256)
    assert node.send("GET", path).content == content
    head = node.send("HEAD", path)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(content)))
    part = node.send("GET", path, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(content)}"
    rest = node.send("GET", path, headers={"Range": f"bytes={len(content) - 5}-"})
    assert (rest.status_code, rest.content) == (206, content[-5:])
    assert node.send("GET", path, headers={"Range": "bytes=9999999-"}).status_code == 416
    assert node.send("HEAD", routes.blob("00" * 32)).status_code == 404
    assert "no blob" in _sentence(node.send("GET", routes.blob("00" * 32)), 404)


def test_bytes_of_another_digest_leave_nothing(rig: MarketRig, node: Provider) -> None:
    claimed = hashlib.sha256(b"what was signed").hexdigest()
    url = rig.url + routes.blob(claimed)
    headers = sign_request(node.identity, "PUT", url, claimed)
    answer = requests.put(url, data=b"something else", headers=headers, timeout=10)
    assert "digest" in _sentence(answer, 400)
    assert node.send("GET", routes.blob(claimed)).status_code == 404
    assert not list((rig.folder / "market" / "blobs" / "drafts").iterdir())


def test_what_does_not_exist_is_said_in_a_sentence(rig: MarketRig) -> None:
    _sentence(requests.get(rig.url + "/v1/nothing", timeout=10), 404)
    _sentence(requests.delete(rig.url + routes.JOBS, timeout=10), 405)
    big = b"[" + b" " * 5_000_000 + b"]"
    _sentence(requests.post(rig.url + routes.REPORTS, data=big, timeout=10), 413)


def test_the_schema_describes_every_route(rig: MarketRig) -> None:
    paths = requests.get(rig.url + "/schema", timeout=10).json()["paths"]
    assert {routes.MARKET, routes.NODES, routes.LEASES, routes.JOBS} < set(paths)
    assert {"/v1/blobs/{sha256}", "/v1/jobs/{job_id}/verdicts"} < set(paths)
