from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sources.backoff import FIRST_S, LONGEST_S, backoff_s


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_waits_are_bounded_and_never_nothing(failures: int, chance: float) -> None:
    assert FIRST_S / 2 <= backoff_s(failures, chance) <= LONGEST_S


@given(st.integers(1, 100))
def test_waits_do_not_shrink(failures: int) -> None:
    assert backoff_s(failures + 1, 0.5) >= backoff_s(failures, 0.5)
