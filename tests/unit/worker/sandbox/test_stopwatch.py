from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox.stopwatch import Stopwatch


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 100))))
def test_only_running_time_counts(steps: list[tuple[bool, float]]) -> None:
    watch, now_s, expected_s, running = Stopwatch(), 0.0, 0.0, False
    for go, passes_s in steps:
        watch = watch.go(now_s) if go else watch.hold(now_s)
        running = go
        now_s += passes_s
        expected_s += passes_s if running else 0.0
    assert watch.elapsed_s(now_s) == pytest.approx(expected_s)
