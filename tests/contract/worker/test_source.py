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
from gridle.market.protocol.messages import Committed, Returned, Revealed, TaskUsage
from gridle.market.protocol.sealing import JobKey, TaskKeys
from gridle.market.protocol.sealing_identity import SealingIdentity, verify_sealing_key, wrap
from gridle.worker.sources.keys import KeyFetching
from gridle.worker.sources.market import MarketSource
from gridle.worker.sources.port import (
    Capacity,
    Connected,
    Disconnected,
    Lost,
    NoKeysError,
    NoWork,
    Offered,
    Renewed,
    Reported,
    Settled,
    Source,
    SourceEvent,
    Transferred,
)
from gridle.worker.sources.session import MarketSession
from gridle.worker.sources.signed_http import SignedHttp
from tests.fakes.market_loopback import LoopbackMarket
from tests.fakes.market_stub import StubMarket
from tests.fakes.source import FakeSource
from tests.rigs.worker_jobs import PAYEE, lease, lease_id, manifest, verdict

DEADLINE_S = 20.0
SHORT_S = 0.3
KiB = 2**10
SOME = Capacity(("wasm",), 4, 4, 2**33)
NODE = Identity(bytes(32))
SEALING = SealingIdentity(bytes([2]) * 32, NODE)
KEYS = JobKey(bytes([3]) * 32).for_task(0)
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


@pytest.fixture
def market() -> StubMarket:
    return StubMarket()


@pytest.fixture
def loopback(market: StubMarket) -> Iterator[LoopbackMarket]:
    with LoopbackMarket(market) as loopback:
        yield loopback


@pytest.fixture(params=["fake", "market"])
def source(request: pytest.FixtureRequest, market: StubMarket, tmp_path: Path) -> Iterator[Source]:
    if request.param == "fake":
        fake = FakeSource(market, tmp_path / "blobs", SEALING)
        yield fake
        fake.close()
        return
    loopback: LoopbackMarket = request.getfixturevalue("loopback")
    real = MarketSource(loopback.url, NODE, PAYEE, tmp_path / "blobs", SEALING)
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
    assert market.wait(lambda: 70 in market.asks)


class AskingForKeys:
    """Keys asked for by a thread of its own."""

    def __init__(self, source: Source) -> None:
        self.keys: TaskKeys | None = None
        self.ended = threading.Event()
        threading.Thread(target=self._ask, args=(source,), daemon=True).start()

    def _ask(self, source: Source) -> None:
        try:
            self.keys = source.task_keys(lease_id(1))
        except GridleError:
            pass  # `keys` stays None
        finally:
            self.ended.set()


class TestSealedTasks:
    """Keys that a requestor wraps, and sealed files that are wanted no more."""

    def test_requestors_are_told_where_to_wrap_keys(
        self, source: Source, ear: Ear, market: StubMarket
    ) -> None:
        source.start(ear.take, 0)
        ear.wait(Connected)
        assert market.enrolled is not None
        assert verify_sealing_key(NODE.public_key, market.enrolled) == SEALING.public.public_key

    def test_keys_arrive_once_they_are_sent(self, source: Source, market: StubMarket) -> None:
        asking = AskingForKeys(source)
        assert not asking.ended.wait(SHORT_S)
        market.hand_keys(lease_id(1), wrap(KEYS, lease_id(1), SEALING.public.public_key))
        assert asking.ended.wait(DEADLINE_S)
        assert asking.keys == KEYS

    def test_keys_for_another_lease_are_none(self, source: Source, market: StubMarket) -> None:
        market.hand_keys(lease_id(1), wrap(KEYS, lease_id(2), SEALING.public.public_key))
        with pytest.raises(NoKeysError):
            source.task_keys(lease_id(1))

    def test_closing_ends_the_wait(self, source: Source) -> None:
        asking = AskingForKeys(source)
        assert not asking.ended.wait(SHORT_S)
        source.close()
        assert asking.ended.wait(DEADLINE_S)
        assert asking.keys is None

    def test_what_is_forgotten_is_no_longer_here(self, source: Source, market: StubMarket) -> None:
        sha256 = market.store(b"sealed")
        path = source.blob(sha256)
        source.forget((sha256, "0" * 64))
        assert not path.exists()
        assert source.blob(sha256).read_bytes() == b"sealed"


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

    def test_what_was_fetched_in_part_is_forgotten_as_well(
        self, real: MarketSource, market: StubMarket, tmp_path: Path
    ) -> None:
        sha256 = market.store(bytes(200 * KiB))
        real.limit(KiB, None)
        fetching = Fetching(real, sha256)
        draft = tmp_path / "blobs" / f"{sha256}.part"
        ends_at = time.monotonic() + DEADLINE_S
        while not draft.exists() and time.monotonic() < ends_at:
            assert not fetching.ended.wait(0.01)
        real.close()
        assert fetching.ended.wait(DEADLINE_S)
        real.forget((sha256,))
        assert list((tmp_path / "blobs").iterdir()) == []

    def test_a_requestor_that_never_sends_keys_is_not_waited_for(
        self, loopback: LoopbackMarket
    ) -> None:
        session = MarketSession(SignedHttp(loopback.url, NODE), PAYEE, lambda _: None)
        with pytest.raises(NoKeysError):
            KeyFetching(session, SEALING, patience_s=0.5).fetch(lease_id(1))
        with pytest.raises(NoKeysError):
            KeyFetching(session, None).fetch(lease_id(1))

    def test_a_bad_voucher_counts_as_not_accepted(
        self, real: MarketSource, ear: Ear, market: StubMarket
    ) -> None:
        market.settle(msgspec.structs.replace(verdict(1, 1, 5), voucher=None))
        real.start(ear.take, 0)
        (settled,) = ear.wait(Settled).page.settlements
        assert settled.seq == 1
        assert not getattr(settled, "accepted", True)
