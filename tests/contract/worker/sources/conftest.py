"""Every source of work, on one stub market."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.market.protocol.identity import Identity
from gridle.worker.sources.market import MarketSource
from gridle.worker.sources.port import Source
from tests.fakes.market_loopback import LoopbackMarket
from tests.fakes.market_stub import StubMarket
from tests.fakes.source import FakeSource
from tests.rigs.source_rig import NODE, SEALING, Ear
from tests.rigs.worker_jobs import PAYEE


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
        fake = FakeSource(market, tmp_path / "blobs", patience_s, sealing=SEALING)
        yield fake
        fake.close()
        return
    loopback: LoopbackMarket = request.getfixturevalue("loopback")
    real = MarketSource(
        loopback.url,
        NODE,
        PAYEE,
        tmp_path / "blobs",
        checkpoint_patience_s=patience_s,
        sealing=SEALING,
    )
    yield real
    real.close()


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def real(loopback: LoopbackMarket, tmp_path: Path) -> Iterator[MarketSource]:
    real = MarketSource(loopback.url, Identity(bytes(32)), PAYEE, tmp_path / "blobs")
    yield real
    real.close()
