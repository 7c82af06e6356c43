"""Foreign load leaves our tasks out, however late they are heard of, and is smoothed."""

from __future__ import annotations

import math
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.probes.machine.cpu_load import (
    TIME_CONSTANT_S,
    CpuTimes,
    ForeignLoad,
    machine_cpu_times,
)

START = CpuTimes(busy_s=100.0, total_s=1000.0)
CORES = 4


class Rig:
    """A machine of four cores, looked at every half second unless a test says otherwise."""

    def __init__(self, period_s: float = 1.0) -> None:
        self.load = ForeignLoad(START, CORES, period_s)
        self._busy_s, self._total_s = START.busy_s, START.total_s

    def passes(
        self, seconds: float, foreign: float, ours: float = 0.0, told_s: float = 0.0
    ) -> float:
        """Let both use so many cores, and tell what our tasks' figure is by then."""
        self._busy_s += seconds * (foreign + ours)
        self._total_s += seconds * CORES
        return self.load.update(CpuTimes(self._busy_s, self._total_s), told_s)


def test_load_is_the_share_of_all_cores_without_ours() -> None:
    rig = Rig()
    told_s = list(accumulate([0.5] * 60))
    assert [rig.passes(0.5, foreign=2.0, ours=1.0, told_s=each) for each in told_s][
        -1
    ] == pytest.approx(50.0)


def test_a_load_that_comes_rises_with_the_time_constant() -> None:
    rig = Rig()
    for _ in range(10):
        rig.passes(0.5, foreign=0.0)
    shown = [rig.passes(0.5, foreign=4.0) for _ in range(60)]
    assert shown == sorted(shown)
    # The figure is up to 2.5 s late, as our tasks' figure may be.
    early, late = int(TIME_CONSTANT_S / 0.5), int((TIME_CONSTANT_S + 2.5) / 0.5)
    assert shown[early - 1] <= 100 * (1 - math.exp(-1)) <= shown[late]
    assert shown[-1] > 99.0


def test_a_moment_s_load_does_not_show_as_one() -> None:
    rig = Rig()
    for _ in range(10):
        rig.passes(0.5, foreign=0.0)
    shown = [rig.passes(0.5, foreign=4.0), *(rig.passes(0.5, foreign=0.0) for _ in range(20))]
    assert 0.0 < max(shown) < 20.0


def test_a_task_that_starts_is_nobody_else_s_before_it_is_heard_of() -> None:
    rig = Rig()
    for _ in range(10):
        rig.passes(0.5, foreign=0.0)
    shown = [rig.passes(0.5, 0.0, ours=4.0, told_s=0.0), rig.passes(0.5, 0.0, 4.0, told_s=4.0)]
    assert max(shown) == pytest.approx(0.0)


def test_a_figure_that_starts_over_is_no_load() -> None:
    rig = Rig()
    for told_s in accumulate([2.0] * 10):
        rig.passes(0.5, foreign=0.0, ours=4.0, told_s=told_s)
    shown = [rig.passes(1.0, 0.0, ours=0.0, told_s=0.0) for _ in range(5)]
    assert max(shown) == pytest.approx(0.0)


@given(
    spans=st.lists(st.tuples(st.integers(1, 80), st.floats(0, 2.4)), min_size=1, max_size=8),
    late_s=st.floats(0.0, 1.0),
    phase=st.integers(0, 9),
    every=st.integers(5, 20),
)
def test_tasks_that_come_and_go_do_not_show(
    spans: list[tuple[int, float]], late_s: float, phase: int, every: int
) -> None:
    """Steps of 0.1 s; our figure comes once a second and is `late_s` old by then."""
    rates = [0.0] * 40 + [rate for steps, rate in spans for _ in range(steps)] + [0.0] * 40
    used_s = [0.0, *accumulate(rate / 10 for rate in rates)]
    rig, told_s = Rig(), 0.0
    for step, rate in enumerate(rates, 1):
        if step % 10 == phase:
            told_s = used_s[max(0, step - round(late_s * 10))]
        rig._busy_s += (1.0 + rate) / 10
        rig._total_s += CORES / 10
        if step % every == 0:
            shown = rig.load.update(CpuTimes(rig._busy_s, rig._total_s), told_s)
            # Unheard work of a second on 2.4 of 4 cores, over the time constant, is 12 points.
            assert step < 45 or abs(shown - 25.0) <= 14.0


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 50), st.floats(0, 100))))
def test_load_is_a_percentage_whatever_is_claimed(
    steps: list[tuple[float, float, float]],
) -> None:
    load = ForeignLoad(START, cores=2, period_s=1.0)
    busy_s, total_s = START.busy_s, START.total_s
    for busy_step_s, idle_step_s, our_cpu_s in steps:
        busy_s += busy_step_s
        total_s += busy_step_s + idle_step_s
        assert 0.0 <= load.update(CpuTimes(busy_s, total_s), our_cpu_s) <= 100.0


def test_the_machine_has_been_busy_for_less_than_it_was_up() -> None:
    times = machine_cpu_times()
    assert 0.0 < times.busy_s < times.total_s
