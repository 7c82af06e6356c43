from __future__ import annotations

import io

import pytest

from gridle.market.practice.requestor_teller import Teller
from gridle.market.protocol.errors import RefusedError, UnavailableError


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDLE_LANG", "en")


def test_a_trouble_is_told_once() -> None:
    out = io.StringIO()
    teller = Teller(out)
    for _ in range(3):
        teller.trouble(RefusedError("No.", "不。"))
        teller.works_again()
    assert out.getvalue() == "No.\n"


def test_an_outage_is_told_once_until_it_is_over() -> None:
    out = io.StringIO()
    teller = Teller(out)
    down = UnavailableError("Down.", "停。")
    teller.outage(down)
    teller.outage(down)
    teller.works_again()
    teller.outage(down)
    assert out.getvalue() == "Down.\nDown.\n"
