"""A sampled figure is measured only when asked for, and not too often."""

from __future__ import annotations

from itertools import count

from gridle.worker.probes.sampled import Sampled


def test_a_figure_is_measured_again_only_after_its_period() -> None:
    numbers = count()
    now_s = 0.0
    sampled = Sampled(lambda: next(numbers), 5.0, lambda: now_s)
    assert sampled.read() == 0
    now_s = 4.9
    assert sampled.read() == 0
    now_s = 5.0
    assert sampled.read() == 1
