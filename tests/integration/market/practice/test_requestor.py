"""The sample requestor as a process, with the real service and the real chain."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from gridle.market.client.http import SignedHttp
from gridle.market.client.market_client import MarketClient
from gridle.market.client.profile import Profile
from gridle.market.protocol.job_messages import JobStatus
from gridle.worker.sources.port import Offered
from tests.integration.market.client.market_stack import RawNode, Stack, running_stack
from tests.integration.market.client.sealed_worker import Worker
from tests.integration.market.client.sums_job import seal_sums_job, write_sums_job

DEADLINE_S = 60.0
POLL_S = 0.1


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("stack") / "home") as stack:
        yield stack


class Process:
    """The requestor, started and started again."""

    def __init__(self, stack: Stack, home: Path) -> None:
        self.home = home
        self.results = home / "results"
        self.log = home / "log"
        self._stack = stack
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Returns the payer that it announces."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gridle.market.practice.requestor", "--with-parent"),
                    *("--home", str(self.home / "me"), "--market", self._stack.market_url),
                    *("--chain-home", str(self._stack.chain_home)),
                    *("--rpc-url", self._stack.rpc_url, "--jobs", str(self.home / "jobs")),
                    *("--results", str(self.results)),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        line = self._process.stdout.readline() if self._process.stdout else b""
        assert line, self.log.read_text()
        return str(json.loads(line)["payer"])

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._end()

    def terminate(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return self._end()

    def close_lifeline(self) -> int:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self._end()

    def _end(self) -> int:
        assert self._process is not None
        with self._process:
            return self._process.wait(10)

    def jobs(self) -> tuple[JobStatus, ...]:
        http = SignedHttp(self._stack.market_url, Profile(self.home / "me").identity())
        with MarketClient(http) as client:
            return client.jobs()


@pytest.fixture
def requestor(stack: Stack, tmp_path: Path) -> Iterator[Process]:
    arguments = '[["{round}", "2"], ["3", "4"]]'
    write_sums_job(tmp_path / "jobs" / "sums", arguments=arguments)
    (tmp_path / "jobs" / "broken").mkdir()
    (tmp_path / "jobs" / "broken" / "manifest.toml").write_text("[job]\n")
    process = Process(stack, tmp_path)
    process.start()
    yield process
    process.terminate()


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Wait for another process to do something, within a deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(POLL_S)


def test_rounds_go_on_through_kills(requestor: Process, stack: Stack, tmp_path: Path) -> None:
    eventually(lambda: _ordered(requestor), "the first round is ordered")
    requestor.kill()
    requestor.start()
    node = RawNode(stack.market_url, b"\x03" * 32)
    for round_number in (1, 2):
        sums = {0: round_number + 2, 1: 7}
        for _ in sums:
            (lease,) = node.lease(wait_s=50)
            text = str(sums[lease.task_index])
            node.deliver(lease, {"sum.txt": text.encode()}, tmp_path)
            assert node.verdict(lease).accepted
        reads = partial(_reads, requestor.results / "sums" / "total.txt", str(sum(sums.values())))
        eventually(reads, f"round {round_number} is put together")
    node.close()
    eventually(lambda: len(requestor.jobs()) == 3, "the third round is ordered")
    assert "broken" in requestor.log.read_text()
    assert requestor.terminate() == 0
    requestor.start()
    assert len(requestor.jobs()) == 3


@pytest.fixture
def sealed_worker(tmp_path: Path) -> Iterator[tuple[Stack, Worker]]:
    """A market of its own: at the others' open jobs, a worker would be given those."""
    with running_stack(tmp_path / "stack") as stack:
        worker = Worker(stack.market_url, tmp_path / "worker")
        yield stack, worker
        worker.source.close()


def test_sealed_rounds_go_on_through_kills(
    sealed_worker: tuple[Stack, Worker], tmp_path: Path
) -> None:
    stack, worker = sealed_worker
    manifest = write_sums_job(tmp_path / "jobs" / "sums", arguments='[["{round}", "2"]]')
    seal_sums_job(manifest, "data", b"for the node alone")
    requestor = Process(stack, tmp_path)
    requestor.start()
    eventually(lambda: _ordered(requestor), "the first round is ordered")
    requestor.kill()
    requestor.start()

    def answer(offer: Offered, folder: Path) -> None:
        assert (folder / "in" / "data").read_bytes() == b"for the node alone"
        numbers = offer.manifest.tasks[offer.lease.task_index]
        (folder / "out" / "sum.txt").write_text(str(sum(map(int, numbers))))

    for round_number in (1, 2):
        assert worker.compute(answer).accepted
        total = requestor.results / "sums" / "total.txt"
        eventually(partial(_reads, total, str(round_number + 2)), f"round {round_number} is done")
    assert requestor.terminate() == 0
    assert list((requestor.home / "me" / "sealed").iterdir()) == []
    assert len(list((requestor.home / "me" / "keys").iterdir())) <= 2


def test_it_ends_with_its_parent_and_keeps_its_wallet(requestor: Process) -> None:
    assert requestor.close_lifeline() == 0
    first = requestor.start()
    assert requestor.terminate() == 0
    assert requestor.start() == first


def test_a_damaged_key_ends_it_with_a_sentence(requestor: Process) -> None:
    requestor.terminate()
    requestor.log.write_bytes(b"")
    (requestor.home / "me" / "client.key").write_bytes(b"\xff\x80")
    with pytest.raises(AssertionError, match=r"client\.key is damaged"):
        requestor.start()


def _ordered(requestor: Process) -> bool:
    rounds = requestor.home / "me" / "rounds.json"
    return rounds.exists() and '"job_id": "job-' in rounds.read_text()


def _reads(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text
