"""A sealed job through the real market: only requestor and executing node ever see its data."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from gridle.market.client.cli import main
from gridle.market.client.profile import Profile
from gridle.market.practice.chain_faucet import fund
from gridle.market.protocol.commitment import commitment
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.messages import Committed, Revealed, TaskUsage, Verdict
from gridle.market.protocol.sealing import TaskKeys
from gridle.market.protocol.sealing_identity import load_sealing_identity
from gridle.worker.sandbox.output import PackedOutput, collect_output
from gridle.worker.sandbox.sealed_files import open_inputs, seal_result
from gridle.worker.sources.market import MarketSource
from gridle.worker.sources.port import Capacity, Offered, Reported, Settled, SourceEvent
from tests.integration.market.client.market_stack import PAYEE, Stack, running_stack
from tests.integration.market.client.sums_job import write_sums_job

SALT = "5a" * 32
SECRET = b"patient 4711: " + hashlib.sha256(b"what nobody else may read").hexdigest().encode()
INPUT = SECRET * 20_000
"""More than one chunk."""
ANSWER = b"diagnosis: " + hashlib.sha256(b"what came of it").hexdigest().encode()
USAGE = TaskUsage(1.0, 1.0, 2**20)
DEADLINE_S = 60.0
E = TypeVar("E")


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


class Worker:
    """A worker's source and its folders, without an agent."""

    def __init__(self, market_url: str, home: Path) -> None:
        self.home = home
        self.identity = Identity(os.urandom(32))
        sealing = load_sealing_identity(home / "sealing.key", self.identity, is_needed=False)
        self.source = MarketSource(market_url, self.identity, PAYEE, home / "blobs", sealing)
        self._events: queue.Queue[SourceEvent] = queue.Queue()
        self.source.start(self._events.put, 0)
        self.source.want(Capacity(("wasm",), 1, 4, 2**34))

    def wait(self, kind: type[E], fits: Callable[[E], bool] = lambda _: True) -> E:
        while True:
            event = self._events.get(timeout=DEADLINE_S)
            if isinstance(event, kind) and fits(event):
                return event

    def folder(self, offer: Offered) -> Path:
        folder = self.home / "tasks" / offer.lease.lease_id
        (folder / "in").mkdir(parents=True)
        (folder / "out").mkdir()
        return folder

    def deliver(self, offer: Offered, output: PackedOutput) -> Verdict:
        lease_id = offer.lease.lease_id
        bound = commitment(output.sha256, SALT, self.identity.public_key)
        self.source.report(Committed(lease_id, bound), None)
        self.wait(Reported)
        self.source.report(Revealed(lease_id, output.sha256, SALT, USAGE), output.path)
        assert self.wait(Reported).refused is None
        (verdict,) = self.wait(Settled).page.settlements
        assert isinstance(verdict, Verdict)
        return verdict


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
    (folder / "patients.csv").write_bytes(INPUT)
    with manifest.open("a") as file:
        file.write('\n[data]\nclass = "sealed"\n')
        file.write('\n[[inputs]]\nname = "patients.csv"\npath = "patients.csv"\n')
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
