from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox.host.virtual import BEGIN_NS, TICK_NS, SeededBytes, VirtualClock


@given(st.lists(st.tuples(st.integers(-1, 5), st.integers(-5, 10**12))))
def test_time_only_moves_forward_and_the_same_way(steps: list[tuple[int, int]]) -> None:
    one, other = VirtualClock(), VirtualClock()
    last_ns = 0
    for clock, span_ns in steps:
        seen = one.read_ns(clock)
        assert seen == other.read_ns(clock)
        one.sleep_ns(span_ns)
        other.sleep_ns(span_ns)
        now_ns = one.read_ns(1)
        assert now_ns == other.read_ns(1)
        assert now_ns is not None
        assert now_ns > last_ns
        last_ns = now_ns
        assert (seen is None) == (clock not in range(4))


def test_a_task_begins_in_2000_and_a_sleep_takes_what_was_asked() -> None:
    clock = VirtualClock()
    assert clock.read_ns(0) == BEGIN_NS + TICK_NS
    clock.sleep_ns(10**9)
    assert clock.read_ns(1) == 10**9 + 2 * TICK_NS


@given(st.binary(), st.lists(st.integers(0, 100)))
def test_the_stream_is_the_same_however_it_is_taken(seed: bytes, counts: list[int]) -> None:
    parts = SeededBytes(seed)
    taken = b"".join(parts.take(count) for count in counts)
    assert taken == SeededBytes(seed).take(sum(counts))


def test_another_seed_gives_another_stream() -> None:
    assert SeededBytes(b"a").take(64) != SeededBytes(b"b").take(64)


def test_the_stream_never_changes() -> None:
    assert SeededBytes(b"a").take(16).hex() == "50edc262344620ebd2c9cabf9297150b"
