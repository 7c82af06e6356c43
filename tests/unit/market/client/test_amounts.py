from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.market.client.amounts import money
from gridle.market.protocol.messages import ChainInfo

CHAIN = ChainInfo(
    chain_id=1,
    rpc_url="http://127.0.0.1:1",
    hub="0x" + "11" * 20,
    token="0x" + "22" * 20,
    token_symbol="pUSD",
    token_decimals=6,
    is_play_money=True,
)


@pytest.mark.parametrize(
    ("units", "text"),
    [
        (0, "0 pUSD"),
        (1, "0.000001 pUSD"),
        (1500, "0.0015 pUSD"),
        (1_000_000, "1 pUSD"),
        (12_300_000, "12.3 pUSD"),
        (-1500, "-0.0015 pUSD"),
    ],
)
def test_money_is_said_exactly(units: int, text: str) -> None:
    assert money(units, CHAIN) == text


@given(st.integers(-(2**63), 2**63))
def test_no_unit_is_lost(units: int) -> None:
    number = Decimal(money(units, CHAIN).split()[0])
    assert int(number.scaleb(6)) == units
