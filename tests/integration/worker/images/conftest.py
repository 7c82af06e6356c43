"""An image in a stub registry, and a supply that fetches it without waiting between tries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.worker.images import supply
from tests.rigs import registry_stub
from tests.rigs.registry_fetch import Fetch, fill
from tests.rigs.registry_stub import StubRegistry


@pytest.fixture
def stub() -> Iterator[StubRegistry]:
    with registry_stub.serving() as registry:
        fill(registry)
        yield registry


@pytest.fixture
def fetch(stub: StubRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fetch:
    monkeypatch.setattr(supply, "backoff_s", lambda *_: 0.0)
    return Fetch(stub, tmp_path)
