"""A task's state on its way from one worker to the next, through a real market over HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gridle.market.protocol import routes
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.job_messages import JobStatus
from gridle.market.protocol.manifest import CheckpointRule
from gridle.market.protocol.messages import CheckpointRef, Lease, Returned, Saved
from gridle.worker.sources.market import MarketSource
from gridle.worker.sources.port import Capacity, Offered, Reported
from tests.rigs.market_process import MarketRig, new_key, payout_of
from tests.rigs.source_rig import Ear

RULE = CheckpointRule(format_version=1, max_bytes=2**20)
WANTED = Capacity(("wasm",), 16, 64, 2**36)

NewSource = Callable[[int, Ear], MarketSource]


@pytest.fixture
def new_source(rig: MarketRig, tmp_path: Path) -> Iterator[NewSource]:
    with ExitStack() as stack:

        def make(number: int, ear: Ear) -> MarketSource:
            identity = Identity(new_key(number))
            blobs = tmp_path / f"blobs-{number}"
            source = MarketSource(rig.url, identity, payout_of(number), blobs)
            stack.callback(source.close)
            source.start(ear.take, 0)
            return source

        yield make


def lease_of(job: JobStatus, ear: Ear, but: LeaseId = "") -> Lease:
    """Return the lease on the one task of a job; tasks of other tests may be offered too."""
    return ear.wait(
        Offered,
        lambda told: told.lease.task_id.startswith(job.job_id) and told.lease.lease_id != but,
    ).lease


def test_the_next_worker_goes_on_where_the_first_stopped(
    rig: MarketRig, new_source: NewSource, tmp_path: Path
) -> None:
    customer = rig.customer(501, deposit_units=100)
    job = customer.submit(tasks=1, price_units=10, checkpoint=RULE)
    state = tmp_path / "state"
    state.write_bytes(bytes(range(256)) * 1000)
    sha256 = hashlib.sha256(state.read_bytes()).hexdigest()
    ref = CheckpointRef(sha256, state.stat().st_size, done_cpu_s=3.5)

    ear = Ear()
    first = new_source(511, ear)
    first.want(WANTED)
    lease = lease_of(job, ear)
    assert lease.checkpoint is None
    first.report(Saved(lease.lease_id, ref), state)
    assert ear.wait(Reported, lambda told: isinstance(told.report, Saved)).refused is None
    assert customer.job(job.job_id).tasks[0].saved_cpu_s == 3.5
    first.report(Returned(lease.lease_id, ref), None)
    told = ear.wait(Reported, lambda told: isinstance(told.report, Returned))
    assert (told.refused, told.remark) == (None, None)

    ear = Ear()
    second = new_source(512, ear)
    second.want(WANTED)
    lease = lease_of(job, ear)
    assert lease.checkpoint == ref
    assert second.blob(sha256).read_bytes() == state.read_bytes()


def test_a_state_that_the_job_does_not_allow_ends_no_return(
    rig: MarketRig, new_source: NewSource, tmp_path: Path
) -> None:
    customer = rig.customer(502, deposit_units=100)
    job = customer.submit(tasks=1, price_units=10)
    state = tmp_path / "state"
    state.write_bytes(b"a state of a job that saves none")
    ref = CheckpointRef(hashlib.sha256(state.read_bytes()).hexdigest(), state.stat().st_size)
    ear = Ear()
    source = new_source(513, ear)
    source.want(WANTED)
    lease = lease_of(job, ear)
    source.report(Returned(lease.lease_id, ref), state)
    told = ear.wait(Reported)
    assert told.refused is None
    assert told.remark is not None
    assert "save no state" in told.remark.en
    source.want(WANTED)
    assert lease_of(job, ear, but=lease.lease_id).checkpoint is None


def test_the_same_bytes_can_be_stored_twice(rig: MarketRig) -> None:
    node, other = rig.provider(503), rig.provider(504)
    assert node.upload(b"a shared state") == other.upload(b"a shared state")
    answer = other.send("GET", routes.blob(hashlib.sha256(b"a shared state").hexdigest()))
    assert answer.content == b"a shared state"


def test_a_blob_whose_removal_was_broken_off_can_be_sent_again(rig: MarketRig) -> None:
    node = rig.provider(505)
    sha256 = node.upload(b"half removed")
    (rig.folder / "market" / "blobs" / sha256[:2] / sha256).unlink()
    assert node.send("GET", routes.blob(sha256)).status_code == 404
    node.upload(b"half removed")
    assert node.send("GET", routes.blob(sha256)).content == b"half removed"
