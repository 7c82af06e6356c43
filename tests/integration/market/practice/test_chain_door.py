"""The HTTP door of the practice chain, with hostile and clumsy clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from gridle.market.protocol.codec import MAX_MESSAGE_BYTES
from tests.rigs.chain_run import ChainRun

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    run = ChainRun(tmp_path_factory.mktemp("chain"))
    yield run.rpc_url
    run.end()


def post(url: str, body: bytes, headers: dict[str, str] | None = None) -> requests.Response:
    with requests.Session() as session:
        return session.post(url, data=body, headers=headers or JSON, timeout=20)


def test_answers_one_request_and_a_batch(url: str) -> None:
    ask = b'{"jsonrpc":"2.0","id":7,"method":"eth_chainId","params":[]}'
    assert post(url, ask).json() == {"jsonrpc": "2.0", "id": 7, "result": "0x7acd"}
    both: Any = post(url, b"[" + ask + b"," + ask.replace(b"7", b"8", 1) + b"]").json()
    assert [one["id"] for one in both] == [7, 8]


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff\xfe", b'{"id":1}', b"null"])
def test_nonsense_gets_an_error(url: str, body: bytes) -> None:
    assert post(url, body).json()["error"]["code"] == -32700


def test_a_web_page_cannot_reach_it(url: str) -> None:
    ask = b'{"id":1,"method":"eth_chainId"}'
    assert post(url, ask, {"Content-Type": "text/plain"}).status_code == 415


def test_a_huge_or_endless_body_is_not_read(url: str) -> None:
    for length in (str(MAX_MESSAGE_BYTES + 1), "-1", "many"):
        answer = post(url, b"", {**JSON, "Content-Length": length})
        assert answer.status_code in (400, 413)


def test_nested_json_does_not_kill_it(url: str) -> None:
    ask = b'{"id":1,"method":"eth_call","params":'
    for body in (ask + b"[" * 1_000_000, b"[" * 1_000_000):
        assert post(url, body).json()["error"]["code"] == -32700
