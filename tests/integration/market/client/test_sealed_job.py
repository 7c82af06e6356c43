"""A sealed job through the real market: only requestor and executing node ever see its data."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gridle.market.client.cli import main
from gridle.market.client.profile import Profile
from gridle.market.practice.chain_faucet import fund
from gridle.market.protocol.sealing import TaskKeys
from gridle.worker.sandbox.output import collect_output
from gridle.worker.sandbox.sealed_files import open_inputs, seal_result
from gridle.worker.sources.port import Offered
from tests.integration.market.client.market_stack import Stack, running_stack
from tests.integration.market.client.sealed_worker import Worker
from tests.integration.market.client.sums_job import seal_sums_job, write_sums_job

SECRET = b"patient 4711: " + hashlib.sha256(b"what nobody else may read").hexdigest().encode()
INPUT = SECRET * 20_000
"""More than one chunk."""
ANSWER = b"diagnosis: " + hashlib.sha256(b"what came of it").hexdigest().encode()
DEADLINE_S = 60.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stack") / "home"


@pytest.fixture(scope="module")
def stack(home: Path) -> Iterator[Stack]:
    with running_stack(home) as stack:
        yield stack


@pytest.fixture
def profile(tmp_path: Path, stack: Stack) -> Path:
    folder = tmp_path / "profile"
    wallet = Profile(folder).wallet(is_play_money=True, ask_password=lambda _: "")
    fund(stack.rpc_url, stack.chain_home, wallet.address, token_units=1_000_000)
    return folder


@pytest.fixture
def worker(stack: Stack, tmp_path: Path) -> Iterator[Worker]:
    worker = Worker(stack.market_url, tmp_path / "worker")
    yield worker
    worker.source.close()


@dataclass
class Job:
    """A submitted sealed job that somebody follows."""

    job_id: str
    watching: threading.Thread
    endings: list[int]


def run(*arguments: object, stack: Stack, profile: Path) -> int:
    common = ["--market", stack.market_url, "--profile", str(profile)]
    return main([*map(str, arguments), *common])


def write_sealed_job(folder: Path) -> Path:
    manifest = write_sums_job(folder, name="sealed-sums", arguments='[["1", "2"]]')
    seal_sums_job(manifest, "patients.csv", INPUT)
    return manifest


@pytest.fixture
def job(
    stack: Stack, profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Job]:
    manifest = write_sealed_job(tmp_path / "job")
    assert run("submit", manifest, "--json", stack=stack, profile=profile) == 0
    job_id = json.loads(capsys.readouterr().out)["job_id"]
    endings: list[int] = []
    watching = threading.Thread(
        target=lambda: endings.append(run("watch", job_id, stack=stack, profile=profile))
    )
    watching.start()
    yield Job(job_id, watching, endings)
    run("cancel", job_id, stack=stack, profile=profile)
    watching.join(DEADLINE_S)


def everything_under(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


def assert_nothing_leaked(folder: Path, keys: TaskKeys, profile: Path) -> None:
    (job_key,) = (profile / "keys").iterdir()
    secret = bytes.fromhex(job_key.read_text())
    forbidden = [SECRET, ANSWER, hashlib.sha256(INPUT).hexdigest().encode()]
    for key in (secret, keys.inputs, keys.task):
        forbidden += [key, key.hex().encode()]
    looked_at = 0
    for path, content in everything_under(folder):
        looked_at += 1
        for each in forbidden:
            assert each not in content, path
    assert looked_at > 5


def test_only_requestor_and_node_read_a_sealed_jobs_data(
    stack: Stack, home: Path, profile: Path, tmp_path: Path, worker: Worker, job: Job
) -> None:
    offer = worker.wait(Offered)
    assert offer.manifest.data_class == "sealed"
    (file,) = offer.manifest.inputs
    assert file.sha256 != hashlib.sha256(INPUT).hexdigest()
    keys = worker.source.task_keys(offer.lease.lease_id)
    folder = worker.folder(offer)
    open_inputs(offer.manifest, keys, worker.source.blob, folder)
    assert (folder / "in" / "patients.csv").read_bytes() == INPUT
    (folder / "out" / "sum.txt").write_text("3")
    (folder / "out" / "diagnosis.txt").write_bytes(ANSWER)
    packed = collect_output(folder, offer.manifest.resources)
    sealed = seal_result(packed, offer.manifest, keys)
    assert not packed.path.exists()
    assert worker.deliver(offer, sealed).accepted
    job.watching.join(DEADLINE_S)
    assert job.endings == [0]

    out = tmp_path / "results"
    assert run("results", job.job_id, out, stack=stack, profile=profile) == 0
    assert (out / "0" / "diagnosis.txt").read_bytes() == ANSWER
    assert (out / "combined" / "total.txt").read_text() == "3"
    assert_nothing_leaked(home, keys, profile)
    # Of the provider's own files, only the task's folder ever held the data.
    worker.source.close()
    for path, content in everything_under(worker.home):
        assert (SECRET in content) == (folder / "in" in path.parents), path
        assert keys.task not in content


def test_a_result_that_is_not_sealed_for_its_requestor_is_rejected(
    worker: Worker, job: Job
) -> None:
    offer = worker.wait(Offered)
    folder = worker.folder(offer)
    (folder / "out" / "sum.txt").write_text("3")
    verdict = worker.deliver(offer, collect_output(folder, offer.manifest.resources))
    assert not verdict.accepted
    assert "not sealed for its requestor" in verdict.explanation.en
    assert job.endings == []


def test_an_answer_that_was_lost_does_not_order_a_sealed_job_twice(
    stack: Stack,
    profile: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    manifest = write_sealed_job(tmp_path / "job")

    def lost(*_: object) -> None:
        raise ConnectionAbortedError

    with monkeypatch.context() as cut:
        cut.setattr(Profile, "keep_sent", lost)
        with pytest.raises(ConnectionAbortedError):
            run("submit", manifest, stack=stack, profile=profile)
    assert len(list((profile / "unsent").glob("*.sealed"))) == 1
    assert run("status", "--json", stack=stack, profile=profile) == 0
    (taken,) = json.loads(capsys.readouterr().out)
    assert run("submit", manifest, "--json", stack=stack, profile=profile) == 0
    assert json.loads(capsys.readouterr().out)["job_id"] == taken["job_id"]
    assert list((profile / "unsent").iterdir()) == []
    assert len(list((profile / "keys").iterdir())) == 1
    # Once it was answered, the same sources are a new order, under a new key.
    assert run("submit", manifest, "--json", stack=stack, profile=profile) == 0
    again = json.loads(capsys.readouterr().out)["job_id"]
    assert again != taken["job_id"]
    assert len(list((profile / "keys").iterdir())) == 2
    for job_id in (taken["job_id"], again):
        assert run("cancel", job_id, stack=stack, profile=profile) == 0
