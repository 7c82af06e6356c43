from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox.own_time import OwnTime

INTERVALS = st.lists(st.tuples(st.floats(0, 10), st.floats(0, 40), st.booleans()))


@given(INTERVALS)
def test_never_more_than_really_passed(intervals: list[tuple[float, float, bool]]) -> None:
    own, passed_total_s = OwnTime(), 0.0
    for passed_s, used_s, wants_cpu in intervals:
        own = own.after(passed_s, used_s, wants_cpu=wants_cpu)
        passed_total_s += passed_s
    assert own.counted_s <= passed_total_s * 1.000001


@pytest.mark.parametrize(
    ("used_s", "wants_cpu", "counted_s"),
    [
        (0.1, True, 0.1),  # it computed throughout
        (0.01, True, 0.01),  # a busy machine, or its share, kept it waiting
        (0.0, False, 0.1),  # it sleeps
        (0.01, False, 0.1),  # it reads and writes
        (0.4, True, 0.1),  # on four cores
        (-1.0, True, 0.0),  # a clock that could not be read any more
    ],
)
def test_only_its_own_time_counts(*, used_s: float, wants_cpu: bool, counted_s: float) -> None:
    assert OwnTime().after(0.1, used_s, wants_cpu=wants_cpu).counted_s == counted_s
