"""Foreign load leaves our tasks out and stays between 0 and 100."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.probes.machine.cpu_load import CpuTimes, ForeignLoad, machine_cpu_times

START = CpuTimes(busy_s=100.0, total_s=1000.0)


def test_load_is_the_share_of_all_cores_without_ours() -> None:
    load = ForeignLoad(START, cores=2, period_s=2.0)
    assert load.update(CpuTimes(103.0, 1004.0), our_cpu_s=1.0) == pytest.approx(50.0)


def test_a_reading_too_soon_repeats_the_last_one() -> None:
    load = ForeignLoad(START, cores=2, period_s=2.0)
    load.update(CpuTimes(104.0, 1004.0), our_cpu_s=0.0)
    assert load.update(CpuTimes(104.1, 1004.2), our_cpu_s=0.0) == pytest.approx(100.0)


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
