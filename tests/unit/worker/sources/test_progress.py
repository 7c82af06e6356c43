from __future__ import annotations

from gridle.worker.sources.progress import Counter, Progress


def test_it_is_told_at_once_then_rarely_and_at_the_end() -> None:
    now, told = [0.0], list[Progress]()
    counter = Counter(told.append, 1000, clock=lambda: now[0])
    for step in range(1000):
        now[0] = step / 1000
        counter.add(1)
    assert [each.done_bytes for each in told] == [1, 251, 501, 751, 1000]
    assert [each.percent for each in told] == [0, 25, 50, 75, 100]


def test_what_must_come_again_is_taken_back() -> None:
    told = list[Progress]()
    counter = Counter(told.append, 100, clock=lambda: 0.0, every_s=0.0)
    counter.add(60)
    counter.add(-60)
    counter.add(10)
    assert [each.done_bytes for each in told] == [60, 0, 10]


def test_percent_of_an_unknown_total_is_unknown() -> None:
    assert Progress(5, None).percent is None
    assert Progress(5, 0).percent is None
    assert Progress(99_999, 100_000).percent == 99
