"""What every source of work promises of sealed tasks: keys come, and sealed files go."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from gridle.market.protocol.errors import GridleError
from gridle.market.protocol.sealing import JobKey, TaskKeys
from gridle.market.protocol.sealing_identity import verify_sealing_key, wrap
from gridle.worker.sources.keys import KeyFetching
from gridle.worker.sources.market import MarketSource
from gridle.worker.sources.port import Connected, NoKeysError, Source
from gridle.worker.sources.session import MarketSession
from gridle.worker.sources.signed_http import SignedHttp
from tests.fakes.market_loopback import LoopbackMarket
from tests.fakes.market_stub import StubMarket
from tests.rigs.source_rig import DEADLINE_S, NODE, SEALING, SHORT_S, Ear, Fetching, KiB
from tests.rigs.worker_jobs import PAYEE, lease_id

KEYS = JobKey(bytes([3]) * 32).for_task(0)


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


class TestMarketAlone:
    """What only a network can do to keys and files."""

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
