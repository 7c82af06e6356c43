from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox.quota import PERIOD_US, quota_of


@given(st.floats(0.1, 25_600))
def test_the_quota_is_the_share_and_the_kernel_takes_it(cpu_percent: float) -> None:
    quota = quota_of(cpu_percent)
    assert quota.quota_us >= 1_000
    assert PERIOD_US <= quota.period_us <= 1_000_000
    assert quota.quota_us / quota.period_us == pytest.approx(cpu_percent / 100, rel=0.05)


def test_half_a_core_is_held_in_every_fiftieth_of_a_second() -> None:
    assert (quota_of(50).quota_us, quota_of(50).period_us) == (10_000, 20_000)
