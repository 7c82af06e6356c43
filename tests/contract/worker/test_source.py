"""What every source of work promises, held to the fake and to the market over real HTTP."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from gridle.market.protocol.errors import GridleError
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.manifest import CheckpointRule, Manifest
from gridle.market.protocol.messages import (
    CheckpointRef,
    Committed,
    Returned,
    Revealed,
    Saved,
    TaskUsage,
)
from gridle.market.protocol.sentence import Sentence
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
    SourceEvent,
    Transferred,
)
from tests.fakes.market_loopback import LoopbackMarket
from tests.fakes.market_stub import StubMarket
from tests.fakes.source import FakeSource
from tests.rigs.worker_jobs import PAYEE, lease, lease_id, manifest, verdict

DEADLINE_S = 20.0
SHORT_S = 0.3
KiB = 2**10
SOME = Capacity(("wasm",), 4, 4, 2**33)
USAGE = TaskUsage(1.0, 1.0, 1)
E = TypeVar("E")


class Ear:
    """Hears events, and waits for one of a kind."""

    def __init__(self) -> None:
        self.heard: list[SourceEvent] = []
        self._news = threading.Condition()

    def take(self, event: SourceEvent) -> None:
        with self._news:
            self.heard.append(event)
            self._news.notify_all()

    def wait(self, kind: type[E], fits: Callable[[E], bool] = lambda _: True) -> E:
        def found() -> E | None:
            return next((e for e in self.heard if isinstance(e, kind) and fits(e)), None)

        with self._news:
            self._news.wait_for(found, DEADLINE_S)
            event = found()
        assert event is not None, self.heard
        return event


class Fetching:
    """A blob fetched by a thread of its own."""

    def __init__(self, source: Source, sha256: Sha256) -> None:
        self.path: Path | None = None
        self.ended = threading.Event()
        threading.Thread(target=self._fetch, args=(source, sha256), daemon=True).start()

    def _fetch(self, source: Source, sha256: Sha256) -> None:
        try:
            self.path = source.blob(sha256)
        except GridleError:
            pass  # `path` stays None
        finally:
            self.ended.set()


def report_result(source: Source, folder: Path, result: bytes) -> Revealed:
    archive = folder / "result.tar"
    archive.write_bytes(result)
    revealed = Revealed(lease_id(1), hashlib.sha256(result).hexdigest(), "1" * 64, USAGE)
    source.report(revealed, archive)
    return revealed


def saving_manifest() -> Manifest:
    return msgspec.structs.replace(
        manifest(), checkpoint=CheckpointRule(format_version=1, max_bytes=1000)
    )


def state_in(folder: Path, content: bytes) -> tuple[CheckpointRef, Path]:
    file = folder / f"state-{content[:8].hex()}"
    file.write_bytes(content)
    return CheckpointRef(hashlib.sha256(content).hexdigest(), len(content)), file


@pytest.fixture
def market() -> StubMarket:
    return StubMarket()


@pytest.fixture
def loopback(market: StubMarket) -> Iterator[LoopbackMarket]:
    with LoopbackMarket(market) as loopback:
        yield loopback


@pytest.fixture
def patience_s() -> float:
    """How long a state may take to be uploaded."""
    return 600.0


@pytest.fixture(params=["fake", "market"])
def source(
    request: pytest.FixtureRequest, market: StubMarket, tmp_path: Path, patience_s: float
) -> Iterator[Source]:
    if request.param == "fake":
        fake = FakeSource(market, tmp_path / "blobs", patience_s)
        yield fake
        fake.close()
        return
    loopback: LoopbackMarket = request.getfixturevalue("loopback")
    real = MarketSource(loopback.url, Identity(bytes(32)), PAYEE, tmp_path / "blobs", patience_s)
    yield real
    real.close()


@pytest.fixture
def ear() -> Ear:
    return Ear()


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


class TestStates:
    """Saved states go before the reports that name them, and hold nobody up."""

    def test_a_state_is_there_before_its_report(
        self, source: Source, ear: Ear, market: StubMarket, tmp_path: Path
    ) -> None:
        source.start(ear.take, 0)
        first, first_file = state_in(tmp_path, b"first")
        saved = Saved(lease_id(1), first)
        source.report(saved, first_file)
        assert ear.wait(Reported) == Reported(lease_id(1), saved, None)
        second, second_file = state_in(tmp_path, b"second")
        returned = Returned(lease_id(1), second)
        source.report(returned, second_file)
        ear.wait(Reported, lambda event: event.report == returned)
        assert market.reports == [saved, returned]
        assert {first.sha256, second.sha256} <= set(market.blobs)

    def test_a_return_whose_state_is_there_already_goes_at_once(
        self, source: Source, ear: Ear, market: StubMarket
    ) -> None:
        source.limit(0, 0)
        source.start(ear.take, 0)
        returned = Returned(lease_id(1), CheckpointRef("0" * 64, 5))
        source.report(returned, None)
        ear.wait(Reported)
        assert market.reports == [returned]

    def test_what_the_market_adds_to_its_consent_is_told(
        self, source: Source, ear: Ear, market: StubMarket
    ) -> None:
        market.remark = Sentence("It is too large.", "太大了。")
        source.start(ear.take, 0)
        source.report(Returned(lease_id(1), CheckpointRef("0" * 64, 5)), None)
        told = ear.wait(Reported)
        assert (told.refused, told.remark) == (None, market.remark)

    def test_a_newer_state_overtakes_one_that_waits(
        self, source: Source, ear: Ear, market: StubMarket, tmp_path: Path
    ) -> None:
        source.limit(None, 0)
        source.start(ear.take, 0)
        reports = []
        for content in (b"older", b"newer"):
            state, file = state_in(tmp_path, content)
            reports.append(Saved(lease_id(1), state))
            source.report(reports[-1], file)
        assert ear.wait(Reported).refused is not None
        source.limit(None, None)
        newer = ear.wait(Reported, lambda event: event.report == reports[1])
        assert newer.refused is None
        assert market.reports == [reports[1]]

    @pytest.mark.parametrize("patience_s", [SHORT_S])
    @pytest.mark.parametrize("trouble", ["no uploads allowed", "the market's disk is full"])
    def test_a_state_that_cannot_be_uploaded_does_not_hold_up_the_return(
        self, source: Source, ear: Ear, market: StubMarket, tmp_path: Path, trouble: str
    ) -> None:
        if trouble == "no uploads allowed":
            source.limit(None, 0)
        else:
            market.is_full = True
        state, file = state_in(tmp_path, b"state")
        source.start(ear.take, 0)
        saved, returned = Saved(lease_id(1), state), Returned(lease_id(2), state)
        source.report(saved, file)
        source.report(returned, file)
        told = ear.wait(Reported, lambda event: event.report == returned)
        assert told.refused is None
        assert told.remark is not None
        refused = ear.wait(Reported, lambda event: event.report == saved).refused
        assert refused is not None
        assert market.reports == [Returned(lease_id(2))]
        assert not [event for event in ear.heard if isinstance(event, Disconnected)]

    def test_a_result_overtakes_a_state_on_a_slow_line(
        self, source: Source, ear: Ear, market: StubMarket, tmp_path: Path
    ) -> None:
        source.limit(None, 0)
        source.start(ear.take, 0)
        state, file = state_in(tmp_path, b"state")
        source.report(Saved(lease_id(1), state), file)
        revealed = report_result(source, tmp_path, b"result")
        overtaken = ear.wait(Reported, lambda event: isinstance(event.report, Saved))
        assert overtaken.refused is not None
        source.limit(None, None)
        ear.wait(Reported, lambda event: event.report == revealed)
        assert state.sha256 not in market.blobs


class TestMarketAlone:
    """What only a network can do to a source."""

    @pytest.fixture
    def real(self, loopback: LoopbackMarket, tmp_path: Path) -> Iterator[MarketSource]:
        real = MarketSource(loopback.url, Identity(bytes(32)), PAYEE, tmp_path / "blobs")
        yield real
        real.close()

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

    def test_a_state_whose_file_is_gone_does_not_hold_up_the_return(
        self, real: MarketSource, ear: Ear, market: StubMarket, tmp_path: Path
    ) -> None:
        real.start(ear.take, 0)
        real.report(Returned(lease_id(1), CheckpointRef("0" * 64, 5)), tmp_path / "none")
        assert ear.wait(Reported).remark is not None
        assert market.reports == [Returned(lease_id(1))]

    def test_a_large_state_holds_up_no_result(
        self, real: MarketSource, ear: Ear, market: StubMarket, tmp_path: Path
    ) -> None:
        real.limit(None, 50 * KiB)
        real.start(ear.take, 0)
        state, file = state_in(tmp_path, bytes(10_000 * KiB))
        real.report(Saved(lease_id(2), state), file)
        revealed = report_result(real, tmp_path, b"result")
        ear.wait(Reported, lambda event: event.report == revealed)
        assert state.sha256 not in market.blobs

    def test_a_state_that_is_not_wanted_any_more_stops_under_way(
        self, real: MarketSource, ear: Ear, market: StubMarket, tmp_path: Path
    ) -> None:
        real.limit(None, 50 * KiB)
        real.start(ear.take, 0)
        state, file = state_in(tmp_path, bytes(10_000 * KiB))
        real.report(Saved(lease_id(1), state), file)
        began = real.transferred().sent_bytes
        ends_at, nap = time.monotonic() + DEADLINE_S, threading.Event()
        while real.transferred().sent_bytes < began + 20 * KiB and time.monotonic() < ends_at:
            nap.wait(0.01)
        returned, file = state_in(tmp_path, b"the end")
        real.report(Returned(lease_id(1), returned), file)
        told = ear.wait(Reported, lambda event: isinstance(event.report, Returned))
        assert (told.refused, told.remark) == (None, None)
        assert returned.sha256 in market.blobs
        assert state.sha256 not in market.blobs

    def test_a_bad_voucher_counts_as_not_accepted(
        self, real: MarketSource, ear: Ear, market: StubMarket
    ) -> None:
        market.settle(msgspec.structs.replace(verdict(1, 1, 5), voucher=None))
        real.start(ear.take, 0)
        (settled,) = ear.wait(Settled).page.settlements
        assert settled.seq == 1
        assert not getattr(settled, "accepted", True)
