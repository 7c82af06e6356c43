from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gridle.market.client.market_choice import choose_market
from gridle.market.protocol.errors import UnavailableError
from gridle.practice_home import FACTS_NAME, PracticeFacts


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("GRIDLE_MARKET", raising=False)
    monkeypatch.setenv("GRIDLE_PRACTICE_HOME", str(tmp_path))
    return tmp_path


def test_the_option_goes_first_then_the_variable_then_the_practice(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = PracticeFacts("http://practice", "http://rpc", "0x1", "0x2", "/chain", 4242)
    (home / FACTS_NAME).write_bytes(msgspec.json.encode(facts))
    assert choose_market(None) == "http://practice"
    monkeypatch.setenv("GRIDLE_MARKET", "http://variable")
    assert choose_market(None) == "http://variable"
    assert choose_market("http://option") == "http://option"


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff"])
def test_no_market_at_all_says_what_to_do(home: Path, content: bytes | None) -> None:
    if content is not None:
        (home / FACTS_NAME).write_bytes(content)
    with pytest.raises(UnavailableError, match="gridle practice"):
        choose_market(None)
