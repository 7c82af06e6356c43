from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox.duty_cycle import CYCLE_S, Balance


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


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 10), st.floats(0, 10))))
def test_nothing_makes_a_long_burst(steps: list[tuple[float, float, float]]) -> None:
    balance = Balance()
    for share, elapsed_s, used_s in steps:
        balance = balance.after(share, elapsed_s, used_s)
        assert 0 <= balance.run_s() <= CYCLE_S
        assert -0.5 <= balance.credit_s <= CYCLE_S
