"""Sleep and a clock that was set are told apart, and neither is seen where there was none."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gridle.worker.probes.machine.clock_watch import (
    ClockChange,
    Clocks,
    clock_change,
    clock_reader,
)

EARLIER = Clocks(real_s=1.8e9, awake_s=500.0, boot_s=900.0)
seconds = st.floats(0, 1e6)


def later(awake_s: float, slept_s: float = 0.0, jumped_s: float = 0.0) -> Clocks:
    return Clocks(
        EARLIER.real_s + awake_s + slept_s + jumped_s,
        EARLIER.awake_s + awake_s,
        EARLIER.boot_s + awake_s + slept_s,
    )


@given(awake_s=seconds, slept_s=seconds, jumped_s=st.floats(-1e6, 1e6))
def test_each_is_told_for_what_it_is(awake_s: float, slept_s: float, jumped_s: float) -> None:
    tolerated_s = 2.0 + (awake_s + slept_s) / 1000
    assume(min(abs(slept_s - tolerated_s), abs(abs(jumped_s) - tolerated_s)) > 0.01)
    change = clock_change(EARLIER, later(awake_s, slept_s, jumped_s))
    assert change.slept_s == pytest.approx(slept_s if slept_s > tolerated_s else 0.0, abs=1e-3)
    told_s = jumped_s if abs(jumped_s) > tolerated_s else 0.0
    assert change.jumped_s == pytest.approx(told_s, abs=1e-3)


@given(awake_s=seconds, slew=st.floats(-0.0005, 0.0005))
def test_a_clock_that_is_being_corrected_did_not_jump(awake_s: float, slew: float) -> None:
    assert clock_change(EARLIER, later(awake_s, jumped_s=awake_s * slew)) == ClockChange()


@given(st.tuples(*(st.floats(-1e9, 1e9),) * 3), st.tuples(*(st.floats(-1e9, 1e9),) * 3))
def test_no_clock_makes_it_sleep_backwards(
    before: tuple[float, float, float], after: tuple[float, float, float]
) -> None:
    assert clock_change(Clocks(*before), Clocks(*after)).slept_s >= 0


def test_this_machine_s_clocks_go_on() -> None:
    read = clock_reader()
    before, after = read(), read()
    assert after.awake_s >= before.awake_s > 0
    assert after.boot_s >= after.awake_s - 1.0
    assert clock_change(before, after).slept_s == 0.0
