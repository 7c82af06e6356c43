from __future__ import annotations

import pytest

from gridle.market.client.checking import objection
from gridle.market.client.own_scripts import ScriptEnd


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (ScriptEnd(0, "fine"), ""),
        (ScriptEnd(1, "the sums differ"), "the sums differ"),
        (ScriptEnd(2, ""), "The requestor's check ended with status 2 on this result."),
        (ScriptEnd(None, ""), "The requestor's check did not end within 5 seconds on this result."),
    ],
)
def test_only_status_zero_accepts(end: ScriptEnd, told: str) -> None:
    assert objection(end, 5.0) == told
