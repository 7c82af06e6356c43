"""One chain and one market for a module's tests; each test brings its own parties."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.market_process import MarketRig, start_chain


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MarketRig]:
    folder: Path = tmp_path_factory.mktemp("market")
    chain = start_chain(folder / "chain")
    made = MarketRig(folder, chain, ("--redeem-every-s", "0.2", "--lease-s", "3"))
    yield made
    made.market.end()
    chain.end()
