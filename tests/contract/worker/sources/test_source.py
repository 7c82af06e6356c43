"""What every source of work promises, held to the fake and to the market over real HTTP."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import msgspec
import pytest

from gridle.market.protocol.errors import GridleError
from gridle.market.protocol.messages import CheckpointRef, Committed, Returned, Revealed
from gridle.worker.sources.market import MarketSource
from gridle.worker.sources.port import (
    Capacity,
    Connected,
    Disconnected,
    Lost,
    NoWork,
    Offered,
    Renewed,
    Reported,
    Settled,
    Source,
    Transferred,
)
from gridle.worker.sources.progress import Progress
from tests.fakes.market_loopback import LoopbackMarket
from tests.fakes.market_stub import StubMarket
from tests.rigs.source_rig import (
    DEADLINE_S,
    SHORT_S,
    SOME,
    USAGE,
    Ear,
    Fetching,
    KiB,
    report_result,
    saving_manifest,
)
from tests.rigs.worker_jobs import lease, lease_id, manifest, verdict


def test_it_connects(source: Source, ear: Ear) -> None:
    source.start(ear.take, 0)
    assert ear.wait(Connected).info.name == "Test"


def test_what_is_wanted_is_offered_with_its_manifest(
    source: Source, ear: Ear, market: StubMarket
) -> None:
    job = manifest(("echo", "a"))
    market.offer(lease(job), job)
    source.start(ear.take, 0)
    source.want(SOME)
    assert ear.wait(Offered) == Offered(lease(job), job)


def test_nothing_is_asked_for_while_nothing_is_wanted(
    source: Source, ear: Ear, market: StubMarket
) -> None:
    job = manifest()
    market.offer(lease(job), job)
    source.start(ear.take, 0)
    ear.wait(Connected)
    market.settle(verdict(9, 1, 5))
    ear.wait(Settled)
    assert len(market.leases) == 1


def test_a_lease_that_is_not_what_was_ordered_is_not_offered(
    source: Source, ear: Ear, market: StubMarket
) -> None:
    job = manifest()
    market.offer(msgspec.structs.replace(lease(job), price_units=1), job)
    source.start(ear.take, 0)
    source.want(SOME)
    assert "price" in ear.wait(NoWork, lambda event: "price" in event.explanation.en).explanation.en
    assert not [event for event in ear.heard if isinstance(event, Offered)]


def test_a_lease_names_where_its_task_goes_on(source: Source, ear: Ear, market: StubMarket) -> None:
    job, state = saving_manifest(), CheckpointRef("0" * 64, 1000, 12.5)
    market.offer(msgspec.structs.replace(lease(job), checkpoint=state), job)
    source.start(ear.take, 0)
    source.want(SOME)
    assert ear.wait(Offered).lease.checkpoint == state


def test_a_state_that_the_job_does_not_allow_is_not_offered(
    source: Source, ear: Ear, market: StubMarket
) -> None:
    job, state = saving_manifest(), CheckpointRef("0" * 64, 2**32)
    market.offer(msgspec.structs.replace(lease(job), checkpoint=state), job)
    source.start(ear.take, 0)
    source.want(SOME)
    ear.wait(NoWork, lambda event: "saved state" in event.explanation.en)
    assert not [event for event in ear.heard if isinstance(event, Offered)]


def test_leases_of_an_earlier_run_are_renewed_or_lost(
    source: Source, ear: Ear, market: StubMarket
) -> None:
    market.lost.add(lease_id(2))
    source.start(ear.take, 0)
    source.hold(frozenset({lease_id(1), lease_id(2)}))
    assert ear.wait(Renewed).lease_id == lease_id(1)
    assert ear.wait(Lost).lease_id == lease_id(2)


def test_reports_are_answered_and_the_result_is_there_before(
    source: Source, ear: Ear, market: StubMarket, tmp_path: Path
) -> None:
    archive = tmp_path / "result.tar"
    archive.write_bytes(b"result")
    sha256 = hashlib.sha256(b"result").hexdigest()
    source.start(ear.take, 0)
    committed, revealed = (
        Committed(lease_id(1), "0" * 64),
        Revealed(lease_id(1), sha256, "1" * 64, USAGE),
    )
    source.report(committed, None)
    assert ear.wait(Reported) == Reported(lease_id(1), committed, None)
    source.report(revealed, archive)
    assert ear.wait(Reported, lambda event: event.report == revealed).refused is None
    assert market.blobs[sha256] == b"result"
    assert market.reports == [committed, revealed]


def test_a_refusal_is_handed_on(source: Source, ear: Ear, market: StubMarket) -> None:
    market.refuses_reports = True
    source.start(ear.take, 0)
    source.report(Returned(lease_id(1)), None)
    refused = ear.wait(Reported).refused
    assert refused is not None
    assert refused.en == "Refused."


def test_settlements_are_read_from_where_the_ledger_ends(
    source: Source, ear: Ear, market: StubMarket
) -> None:
    market.settle(verdict(1, 1, 5), verdict(2, 2, 10))
    source.start(ear.take, 1)
    page = ear.wait(Settled).page
    assert page.settlements == (verdict(2, 2, 10),)
    assert page.next_after == 2


def test_a_blob_is_what_its_digest_says(source: Source, market: StubMarket) -> None:
    sha256 = market.store(b"data" * 100_000)
    assert source.blob(sha256).read_bytes() == b"data" * 100_000
    market.blobs["0" * 64] = b"something else"
    with pytest.raises(GridleError):
        source.blob("0" * 64)


def test_how_far_a_blob_has_come_is_told(source: Source, market: StubMarket) -> None:
    sha256, told = market.store(b"data" * 100_000), list[Progress]()
    with source.keep([sha256]):
        source.blob(sha256, told.append)
    assert told[-1] == Progress(400_000, 400_000)
    assert [each.done_bytes for each in told] == sorted({each.done_bytes for each in told})


def test_the_least_that_is_asked_is_told(source: Source, ear: Ear, market: StubMarket) -> None:
    source.start(ear.take, 0)
    source.want(Capacity(("wasm",), 4, 4, 2**33, ask_units_per_core_hour=70))
    assert market.wait(lambda: any(each.ask_units_per_core_hour == 70 for each in market.requests))


def test_what_this_machine_can_fence_is_told(source: Source, ear: Ear, market: StubMarket) -> None:
    source.start(ear.take, 0)
    source.want(
        Capacity(
            ("container",), 4, 4, 2**33, gvisor=True, network=True, gpus=2, gpu_memory_bytes=2**34
        )
    )

    def is_told() -> bool:
        return any(
            (each.gvisor, each.network, each.gpus, each.gpu_memory_bytes) == (True, True, 2, 2**34)
            for each in market.requests
        )

    assert market.wait(is_told)


class TestLimits:
    """What a source transfers, how fast, and when not at all."""

    def test_a_download_keeps_to_its_rate(self, source: Source, market: StubMarket) -> None:
        sha256 = market.store(bytes(200 * KiB))
        source.limit(100 * KiB, None)
        began = time.monotonic()
        source.blob(sha256)
        # two seconds, less what a quarter of a second gives at once
        assert time.monotonic() - began >= 1.7

    def test_an_upload_keeps_to_its_rate(
        self, source: Source, ear: Ear, market: StubMarket, tmp_path: Path
    ) -> None:
        source.limit(None, 100 * KiB)
        began = time.monotonic()
        source.start(ear.take, 0)
        revealed = report_result(source, tmp_path, bytes(100 * KiB))
        ear.wait(Reported)
        assert time.monotonic() - began >= 0.7
        assert revealed.result_sha256 in market.blobs

    def test_at_0_files_wait_and_messages_go(
        self, source: Source, ear: Ear, market: StubMarket, tmp_path: Path
    ) -> None:
        sha256 = market.store(b"data")
        source.limit(0, 0)
        source.start(ear.take, 0)
        fetching = Fetching(source, sha256)
        revealed = report_result(source, tmp_path, b"result")
        source.report(Returned(lease_id(2)), None)
        assert ear.wait(Reported).report == Returned(lease_id(2))
        assert not fetching.ended.wait(SHORT_S)
        assert revealed.result_sha256 not in market.blobs
        source.limit(None, None)
        ear.wait(Reported, lambda event: event.report == revealed)
        assert fetching.ended.wait(DEADLINE_S)
        assert fetching.path is not None

    def test_a_rate_changes_under_way(self, source: Source, market: StubMarket) -> None:
        sha256 = market.store(bytes(1000 * KiB))
        source.limit(KiB, None)
        fetching = Fetching(source, sha256)
        assert not fetching.ended.wait(SHORT_S)
        source.limit(None, None)
        assert fetching.ended.wait(DEADLINE_S)
        assert fetching.path is not None

    def test_closing_ends_what_waits(self, source: Source, market: StubMarket) -> None:
        sha256 = market.store(bytes(1000 * KiB))
        source.limit(KiB, 0)
        fetching = Fetching(source, sha256)
        assert not fetching.ended.wait(SHORT_S)
        source.close()
        assert fetching.ended.wait(DEADLINE_S)
        assert fetching.path is None

    def test_what_passed_is_counted(
        self, source: Source, ear: Ear, market: StubMarket, tmp_path: Path
    ) -> None:
        assert source.transferred() == Transferred(0, 0)
        source.blob(market.store(bytes(300 * KiB)))
        source.start(ear.take, 0)
        report_result(source, tmp_path, bytes(200 * KiB))
        ear.wait(Reported)
        passed = source.transferred()
        assert 300 * KiB <= passed.received_bytes <= 320 * KiB
        assert 200 * KiB <= passed.sent_bytes <= 220 * KiB


class TestMarketAlone:
    """What only a network can do to a source."""

    def test_it_says_that_the_market_is_ill_and_comes_back(
        self, real: MarketSource, loopback: LoopbackMarket, ear: Ear, market: StubMarket
    ) -> None:
        loopback.is_ill = True
        real.start(ear.take, 0)
        real.report(Returned(lease_id(1)), None)
        assert ear.wait(Disconnected).explanation.en == "Ill."
        loopback.is_ill = False
        ear.wait(Connected)
        ear.wait(Reported)
        assert market.reports == [Returned(lease_id(1))]

    def test_a_download_that_breaks_off_goes_on_where_it_was(
        self, real: MarketSource, loopback: LoopbackMarket, market: StubMarket
    ) -> None:
        data = bytes(range(256)) * 4000
        sha256 = market.store(data)
        loopback.cut_after_bytes = 600_000
        assert real.blob(sha256).read_bytes() == data

    def test_a_bad_voucher_counts_as_not_accepted(
        self, real: MarketSource, ear: Ear, market: StubMarket
    ) -> None:
        market.settle(msgspec.structs.replace(verdict(1, 1, 5), voucher=None))
        real.start(ear.take, 0)
        (settled,) = ear.wait(Settled).page.settlements
        assert settled.seq == 1
        assert not getattr(settled, "accepted", True)
