from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox.net_traffic import Traffic, VolumeSpentError, Way

DEADLINE_S = 30.0


@given(st.integers(1, 1000), st.lists(st.tuples(st.sampled_from(Way), st.integers(1, 100))))
def test_never_more_than_the_volume_passes(most: int, wanted: list[tuple[Way, int]]) -> None:
    traffic, moved = Traffic(most), [0, 0]
    for way, count in wanted:
        if sum(moved) == most:
            with pytest.raises(VolumeSpentError):
                traffic.take(way, count)
        else:
            moved[way] += traffic.take(way, count)
        assert traffic.moved == tuple(moved)
        assert traffic.is_spent() == (sum(moved) >= most)
    assert sum(moved) == min(most, sum(count for _, count in wanted))


def test_what_is_held_goes_on_when_it_may() -> None:
    traffic = Traffic(1000)
    traffic.limit(0, None)
    assert traffic.is_held()
    assert traffic.take(Way.RECEIVED, 10) == 10
    taken: list[int] = []
    taker = threading.Thread(target=lambda: taken.append(traffic.take(Way.SENT, 10)), daemon=True)
    taker.start()
    assert traffic.moved == (0, 10)
    traffic.limit(None, 0)
    taker.join(DEADLINE_S)
    assert taken == [10]
    assert traffic.moved == (10, 10)


def test_a_rate_gives_a_useful_portion_at_a_time() -> None:
    traffic = Traffic(10**9)
    traffic.limit(1_000_000, 1_000_000)
    assert not traffic.is_held()
    assert 0 < traffic.take(Way.SENT, 16384) <= 16384


def test_news_are_told_once() -> None:
    traffic = Traffic(1000)
    told: list[tuple[int, int]] = []
    teller = threading.Thread(target=lambda: told.append(traffic.await_news()), daemon=True)
    teller.start()
    traffic.take(Way.SENT, 3)
    teller.join(DEADLINE_S)
    assert told == [(3, 0)]
    again = threading.Thread(target=lambda: told.append(traffic.await_news()), daemon=True)
    again.start()
    traffic.take(Way.RECEIVED, 4)
    again.join(DEADLINE_S)
    assert told == [(3, 0), (3, 4)]
