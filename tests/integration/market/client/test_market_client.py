from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gridle.market.client.http import SignedHttp
from gridle.market.client.job_files import JobFile
from gridle.market.client.market_client import MarketClient
from gridle.market.protocol.errors import (
    GridleError,
    InvalidInputError,
    RefusedError,
    UnavailableError,
)
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.job_messages import TaskVerdict, VerdictReply
from gridle.market.protocol.messages import ErrorReply
from gridle.market.protocol.sentence import Sentence
from tests.integration.market.client.conftest import Answer, ScriptedServer

JOB = "job-0123456789abcdef"
IDENTITY = Identity(b"\x07" * 32)


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def client(server: ScriptedServer, pauses: list[float]) -> Iterator[MarketClient]:
    with MarketClient(SignedHttp(server.url, IDENTITY, pause=pauses.append)) as client:
        yield client


def refusal(status: int) -> Answer:
    return Answer(status, msgspec.json.encode(ErrorReply(Sentence("No, because.", "不行。"))))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidInputError),
        (413, InvalidInputError),
        (401, RefusedError),
        (403, RefusedError),
        (404, RefusedError),
        (409, RefusedError),
        (429, UnavailableError),
        (500, UnavailableError),
        (503, UnavailableError),
    ],
)
def test_a_refusal_keeps_its_sentence(
    server: ScriptedServer, client: MarketClient, status: int, kind: type[GridleError]
) -> None:
    server.answers = [refusal(status)]
    with pytest.raises(kind) as caught:
        client.jobs()
    assert caught.value.sentence == Sentence("No, because.", "不行。")


def test_a_refusal_without_a_sentence_gets_one(
    server: ScriptedServer, client: MarketClient
) -> None:
    server.answers = [Answer(404, b"<html>")]
    with pytest.raises(RefusedError, match="status 404"):
        client.jobs()


def test_a_cut_connection_is_tried_again_with_a_new_signature(
    server: ScriptedServer, client: MarketClient, pauses: list[float]
) -> None:
    server.answers = [Answer(cut=True), refusal(503), Answer(body=b'{"jobs": []}')]
    assert client.jobs() == ()
    assert pauses == [0.25, 0.5]
    assert len({seen.signed.nonce for seen in server.seen}) == 3
    assert {seen.signed.key for seen in server.seen} == {IDENTITY.public_key}


def test_a_market_that_is_down_is_told(pauses: list[float], unused_port: int) -> None:
    http = SignedHttp(f"http://127.0.0.1:{unused_port}", IDENTITY, pause=pauses.append)
    with MarketClient(http) as client, pytest.raises(UnavailableError, match="does not answer"):
        client.info()
    assert pauses == [0.25, 0.5, 1.0]


@pytest.mark.parametrize("url", ["", "practice", "ftp://x", "http://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError, match="not the address of a market"):
        SignedHttp(url, IDENTITY)


def test_an_answer_of_another_shape_is_refused(
    server: ScriptedServer, client: MarketClient
) -> None:
    server.answers = [Answer(body=b'{"jobs": 3}')]
    with pytest.raises(InvalidInputError, match="list of jobs cannot be read"):
        client.jobs()


def test_an_answer_without_end_is_refused(server: ScriptedServer, client: MarketClient) -> None:
    server.answers = [Answer(body=b" " * (5 * 2**20))]
    with pytest.raises(InvalidInputError, match="larger than"):
        client.jobs()


def test_an_upload_is_skipped_where_the_blob_is_there(
    server: ScriptedServer, client: MarketClient, tmp_path: Path
) -> None:
    path = tmp_path / "blob"
    path.write_bytes(b"blob")
    file = JobFile(path, hashlib.sha256(b"blob").hexdigest(), 4)
    server.answers = [Answer(200, b"")]
    client.upload(file)
    assert [seen.method for seen in server.seen] == ["HEAD"]
    server.answers = [Answer(404, b""), Answer(cut=True), Answer(200, b"")]
    client.upload(file)
    assert [(seen.method, seen.body) for seen in server.seen[1:]] == [
        ("HEAD", b""),
        ("PUT", b"blob"),
        ("PUT", b"blob"),
    ]


def test_a_download_is_whole_or_not_there(
    server: ScriptedServer, client: MarketClient, tmp_path: Path
) -> None:
    target = tmp_path / "blob"
    sha256 = hashlib.sha256(b"blob").hexdigest()
    server.answers = [Answer(body=b"bulb")]
    with pytest.raises(RefusedError, match="other bytes"):
        client.download(sha256, target, max_bytes=10)
    server.answers = [Answer(body=b"blob" * 5)]
    with pytest.raises(InvalidInputError, match="larger than 10 bytes"):
        client.download(sha256, target, max_bytes=10)
    assert list(tmp_path.iterdir()) == []
    server.answers = [Answer(cut=True), Answer(body=b"blob")]
    client.download(sha256, target, max_bytes=10)
    assert target.read_bytes() == b"blob"
    assert list(tmp_path.iterdir()) == [target]


def test_verdicts_go_in_batches(server: ScriptedServer, client: MarketClient) -> None:
    verdicts = [TaskVerdict(f"{JOB}.{index}", "00" * 32, accepted=True) for index in range(1500)]
    server.answers = [Answer(body=msgspec.json.encode(VerdictReply((f"{JOB}.1",))))]
    assert client.judge(JOB, verdicts) == 2
    assert [seen.path for seen in server.seen] == [f"/v1/jobs/{JOB}/verdicts"] * 2
