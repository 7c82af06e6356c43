from __future__ import annotations

from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sources.rate_limit import BURST_NS, NS, Bucket

RATES = st.integers(1, 2**34)
STEPS = st.lists(st.tuples(st.integers(0, 3 * NS), st.integers(1, 2**20)), min_size=1, max_size=40)


@given(RATES, STEPS, st.integers(0, 2**62))
def test_no_window_holds_more_than_its_rate_and_a_burst(
    rate: int, steps: list[tuple[int, int]], began_ns: int
) -> None:
    bucket, now_ns = Bucket(rate, began_ns), began_ns
    granted: list[tuple[int, int]] = []
    for passed_ns, wanted in steps:
        now_ns += passed_ns
        bucket, given_bytes = bucket.take(wanted, now_ns)
        assert 0 <= given_bytes <= wanted
        granted.append((now_ns, given_bytes))
    sums = [0, *accumulate(each for _, each in granted)]
    for first, (from_ns, _) in enumerate(granted):
        for last in range(first, len(granted)):
            window_ns = granted[last][0] - from_ns
            passed = sums[last + 1] - sums[first]
            assert passed * NS <= rate * window_ns + max(NS, rate * BURST_NS)


@given(st.lists(st.tuples(st.integers(0, NS), st.integers(0, 2**30)), min_size=1, max_size=30))
def test_changing_the_rate_lets_no_more_through(changes: list[tuple[int, int]]) -> None:
    bucket, now_ns, passed, allowed = Bucket(0, 0), 0, 0, 0
    for passed_ns, rate in changes:
        allowed += bucket.rate_bytes_s * passed_ns
        now_ns += passed_ns
        bucket, given_bytes = bucket.changed(rate, now_ns).take(2**40, now_ns)
        passed += given_bytes
        assert passed * NS <= allowed


@given(RATES, st.integers(1, 2**20))
def test_after_the_wait_there_is_something_and_before_nothing(rate: int, wanted: int) -> None:
    bucket = Bucket(rate, 0)
    wait_ns = bucket.wait_ns(wanted, 0)
    assert wait_ns is not None
    assert bucket.take(wanted, wait_ns - 1)[1] == 0
    assert bucket.take(wanted, wait_ns)[1] > 0


def test_a_rate_of_nothing_gives_nothing_ever() -> None:
    bucket = Bucket(0, 0)
    assert bucket.wait_ns(1, 0) is None
    assert bucket.take(1, 2**62)[1] == 0


@given(RATES)
def test_asking_again_and_again_reaches_the_rate(rate: int) -> None:
    bucket, now_ns, passed = Bucket(rate, 0), 0, 0
    times = [0]
    while now_ns < 4 * NS:
        wait_ns = bucket.wait_ns(2**40, now_ns)
        assert wait_ns is not None
        now_ns += wait_ns
        times.append(now_ns)
        bucket, given_bytes = bucket.take(2**40, now_ns)
        passed += given_bytes
    assert passed * NS >= rate * now_ns * 9 // 10 - NS
    assert all(later - earlier <= NS for earlier, later in pairwise(times))


def test_a_clock_that_goes_back_adds_nothing() -> None:
    bucket, _ = Bucket(1000, NS).take(1, 2 * NS)
    assert bucket.filled(0) == bucket
