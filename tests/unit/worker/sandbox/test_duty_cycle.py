from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox.duty_cycle import CYCLE_S, Balance, Throttle
from gridle.worker.sandbox.stopwatch import Stopwatch


@given(share=st.floats(0.05, 0.95), late_s=st.floats(0, 0.01), cycles=st.integers(50, 200))
def test_the_share_is_held_in_spite_of_late_wake_ups(
    share: float, late_s: float, cycles: int
) -> None:
    balance, used_s, elapsed_s = Balance(), 0.0, 0.0
    for _ in range(cycles):
        run_s = balance.run_s()
        ran_s = min(CYCLE_S, run_s + late_s) if run_s else 0.0
        used_s, elapsed_s = used_s + ran_s, elapsed_s + CYCLE_S
        balance = balance.after(share, CYCLE_S, ran_s)
    assert abs(used_s - share * elapsed_s) <= 0.03


@pytest.mark.parametrize("share", [0.05, 0.9])
def test_four_tasks_together_hold_the_sum(share: float) -> None:
    """Four on two cores, each overrunning its turns by what a wake-up is late."""
    late_s, cycles = 0.0003, 500
    balances, used_s = [Balance()] * 4, 0.0
    for _ in range(cycles):
        ran = [min(CYCLE_S, each.run_s() + late_s) if each.run_s() else 0.0 for each in balances]
        used_s += sum(ran)
        balances = [
            each.after(share / 2, CYCLE_S, ran_s) for each, ran_s in zip(balances, ran, strict=True)
        ]
    assert used_s / (2 * cycles * CYCLE_S) == pytest.approx(share, abs=0.005)


@given(share=st.floats(0.1, 3.9))
def test_a_wide_program_uses_several_cores_in_its_turns(share: float) -> None:
    balance, used_s, cycles = Balance(width=4.0), 0.0, 200
    for _ in range(cycles):
        ran_s = balance.run_s()
        assert ran_s <= CYCLE_S
        used_s += 4 * ran_s
        balance = balance.after(share, CYCLE_S, 4 * ran_s)
    assert used_s / (cycles * CYCLE_S) == pytest.approx(share, abs=0.03)


def test_five_percent_is_run_in_every_cycle_or_the_next() -> None:
    balance, idle_cycles = Balance(), 0
    for _ in range(100):
        run_s = balance.run_s()
        balance = balance.after(0.05, CYCLE_S, run_s)
        idle_cycles = 0 if run_s else idle_cycles + 1
        assert idle_cycles <= 2


class Spinner:
    """Uses a CPU whenever it may, by a clock of real time."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._running = Stopwatch()

    def halt(self) -> None:
        self._running = self._running.hold(time.monotonic())
        self.calls.append("halt")

    def go(self) -> None:
        self._running = self._running.go(time.monotonic())
        self.calls.append("go")

    def used_s(self) -> float:
        return self._running.elapsed_s(time.monotonic())


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_the_thread_holds_the_share_in_real_time(share: float) -> None:
    spinner = Spinner()
    throttle = Throttle("t", spinner.halt, spinner.go, spinner.used_s)
    throttle.set_share(share)
    began_s, before_s = time.monotonic(), spinner.used_s()
    threading.Event().wait(2.0)
    seen = (spinner.used_s() - before_s) / (time.monotonic() - began_s)
    throttle.close()
    assert seen == pytest.approx(share, abs=0.05)


def test_held_from_its_making_it_never_goes() -> None:
    spinner = Spinner()
    throttle = Throttle("t", spinner.halt, spinner.go, spinner.used_s, held=True)
    throttle.set_share(0.5)
    threading.Event().wait(5 * CYCLE_S)
    throttle.close()
    assert "go" not in spinner.calls


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 10), st.floats(0, 10))))
def test_nothing_makes_a_long_burst(steps: list[tuple[float, float, float]]) -> None:
    balance = Balance()
    for share, elapsed_s, used_s in steps:
        balance = balance.after(share, elapsed_s, used_s)
        assert 0 <= balance.run_s() <= CYCLE_S
        assert -0.5 <= balance.credit_s <= CYCLE_S
