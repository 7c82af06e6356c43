"""Amounts are shown exactly, or cut, never rounded up."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.market.protocol.money_text import format_units


@pytest.mark.parametrize(
    ("units", "decimals", "shown"),
    [
        (0, 6, "0.00 T"),
        (12_300, 6, "0.0123 T"),
        (1_000_000, 6, "1.00 T"),
        (1_234_567_890_123, 6, "1,234,567.890123 T"),
        (1, 6, "0.000001 T"),
        (1, 18, "< 0.000001 T"),
        (10**18 + 1, 18, "1.00 T"),
        (7, 0, "7.00 T"),
    ],
)
def test_examples(units: int, decimals: int, shown: str) -> None:
    assert format_units(units, decimals, "T") == shown


@given(st.integers(0, 2**96), st.integers(0, 18))
def test_what_is_shown_is_never_more_than_what_is_there(units: int, decimals: int) -> None:
    shown = format_units(units, decimals, "T").removesuffix(" T").replace(",", "")
    amount = Fraction(units, 10**decimals)
    if shown.startswith("< "):
        assert 0 < amount < Fraction(shown.removeprefix("< "))
    else:
        assert 0 <= amount - Fraction(shown) < Fraction("0.000001")
