"""How sources of work hand on what tasks saved: before the report, and holding nobody up."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from gridle.market.protocol.messages import CheckpointRef, Returned, Saved
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sources.market import MarketSource
from gridle.worker.sources.port import Disconnected, Reported, Source
from tests.fakes.market_stub import StubMarket
from tests.rigs.source_rig import DEADLINE_S, SHORT_S, Ear, KiB, report_result, state_in
from tests.rigs.worker_jobs import lease_id


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
    """What only a network can do to a state."""

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

    def test_a_returned_tasks_state_goes_before_those_of_running_ones(
        self, real: MarketSource, ear: Ear, market: StubMarket, tmp_path: Path
    ) -> None:
        real.limit(None, 50 * KiB)
        real.start(ear.take, 0)
        large, file = state_in(tmp_path, bytes(10_000 * KiB))
        real.report(Saved(lease_id(1), large), file)
        wait_until_under_way(real)
        small, file = state_in(tmp_path, b"the end")
        returned = Returned(lease_id(2), small)
        real.report(returned, file)
        told = ear.wait(Reported, lambda event: event.report == returned)
        assert (told.refused, told.remark) == (None, None)
        assert market.reports == [returned]
        real.limit(None, None)
        ear.wait(Reported, lambda event: event.report == Saved(lease_id(1), large))
        assert large.sha256 in market.blobs

    def test_a_state_that_is_not_wanted_any_more_stops_under_way(
        self, real: MarketSource, ear: Ear, market: StubMarket, tmp_path: Path
    ) -> None:
        real.limit(None, 50 * KiB)
        real.start(ear.take, 0)
        state, file = state_in(tmp_path, bytes(10_000 * KiB))
        real.report(Saved(lease_id(1), state), file)
        wait_until_under_way(real)
        returned, file = state_in(tmp_path, b"the end")
        real.report(Returned(lease_id(1), returned), file)
        told = ear.wait(Reported, lambda event: isinstance(event.report, Returned))
        assert (told.refused, told.remark) == (None, None)
        assert returned.sha256 in market.blobs
        assert state.sha256 not in market.blobs


def wait_until_under_way(real: MarketSource) -> None:
    """Wait until some of an upload has gone out."""
    began = real.transferred().sent_bytes
    ends_at, nap = time.monotonic() + DEADLINE_S, threading.Event()
    while real.transferred().sent_bytes < began + 20 * KiB and time.monotonic() < ends_at:
        nap.wait(0.01)
