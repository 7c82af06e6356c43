"""Which states go to the market while their tasks run."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.policy.handing_on import AFTER_S, LINE_SHARE, is_worth_handing_on

MIB = 2**20


def test_a_small_state_goes_after_ten_minutes_of_work() -> None:
    assert not is_worth_handing_on(AFTER_S - 1, 1000)
    assert is_worth_handing_on(AFTER_S, 1000)


def test_a_large_one_goes_seldom() -> None:
    assert not is_worth_handing_on(AFTER_S, 200 * MIB)
    assert is_worth_handing_on(4000.0, 200 * MIB)


def test_one_that_would_not_arrive_in_time_does_not_go() -> None:
    assert not is_worth_handing_on(1e9, 1000 * MIB)
    assert is_worth_handing_on(1e9, 1000 * MIB, upload_bytes_s=10 * MIB)


def test_nothing_goes_where_nothing_may_be_sent() -> None:
    assert not is_worth_handing_on(1e9, 1, upload_bytes_s=0)


@given(
    size_bytes=st.integers(1, 2**40),
    rate_bytes_s=st.integers(1, 2**30),
    work_s=st.floats(0, 1e9),
)
def test_states_never_use_more_than_their_share_of_the_owners_rate(
    size_bytes: int, rate_bytes_s: int, work_s: float
) -> None:
    if is_worth_handing_on(work_s, size_bytes, rate_bytes_s):
        assert size_bytes / work_s <= LINE_SHARE * rate_bytes_s * 1.001
