"""The power of a busy core: learned above rest, bounded, and estimated until then."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.policy.power_model import (
    DESKTOP_CORE_MW,
    GPU_UNKNOWN_MW,
    LAPTOP_CORE_MW,
    WALL_PERCENT,
    CorePower,
    PowerSample,
    our_gpu_mw,
)
from gridle.worker.policy.readings import Gpu

AT_REST = PowerSample(20.0, busy_cores=0.1, our_cores=0.0, cores=8)


def busy(power_w: float, ours: float, others: float = 0.0) -> PowerSample:
    return PowerSample(power_w, ours + others, ours, cores=8)


def core_mw(power: CorePower) -> int:
    return power.core_mw(0, has_battery=False)


def test_until_anything_is_measured_the_owners_figure_or_an_estimate_holds() -> None:
    power = CorePower()
    assert power.core_mw(0, has_battery=False) == DESKTOP_CORE_MW
    assert power.core_mw(0, has_battery=True) == LAPTOP_CORE_MW
    assert power.core_mw(6500, has_battery=True) == 6500
    assert not power.is_measured


def test_a_busy_cores_power_is_what_comes_on_top_of_rest() -> None:
    """20 W at rest and 60 W with four busy cores: 10 W each, and what is lost on the way."""
    power = CorePower().after(AT_REST).after(busy(60.0, ours=4.0))
    assert power.is_measured
    assert power.core_mw(6500, has_battery=True) == 10_000 * WALL_PERCENT // 100


def test_others_bear_their_share() -> None:
    """Our one core of four busy ones is charged a quarter of what is above rest."""
    power = CorePower().after(AT_REST).after(busy(60.0, ours=1.0, others=3.0))
    assert core_mw(power) == 10_000 * WALL_PERCENT // 100


def test_without_a_rest_seen_nothing_is_learned() -> None:
    power = CorePower().after(busy(60.0, ours=4.0))
    assert not power.is_measured
    others_only = PowerSample(60.0, busy_cores=6.0, our_cores=0.0, cores=8)
    assert CorePower().after(others_only).at_rest_w is None


def test_rest_is_the_lowest_seen() -> None:
    power = CorePower().after(AT_REST).after(PowerSample(15.0, 0.0, 0.0, 8)).after(AT_REST)
    assert power.at_rest_w == 15.0


def test_a_single_odd_sample_moves_the_figure_little() -> None:
    power = CorePower().after(AT_REST)
    for _ in range(20):
        power = power.after(busy(60.0, ours=4.0))
    usual = core_mw(power)
    assert core_mw(power.after(busy(500.0, ours=4.0))) < usual * 2


@pytest.mark.parametrize("power_w", [0.0, -5.0, 1e9, math.inf, math.nan])
def test_nonsense_changes_nothing(power_w: float) -> None:
    power = CorePower().after(AT_REST).after(busy(60.0, ours=4.0))
    assert power.after(busy(power_w, ours=4.0)) == power
    assert power.after(PowerSample(power_w, 0.0, 0.0, 8)) == power


@given(
    st.lists(
        st.builds(
            PowerSample,
            power_w=st.floats(),
            busy_cores=st.floats(0, 64),
            our_cores=st.floats(0, 64),
            cores=st.integers(1, 64),
        ),
        max_size=30,
    )
)
def test_whatever_a_sensor_says_the_figure_is_a_processors(samples: list[PowerSample]) -> None:
    power = CorePower()
    for sample in samples:
        power = power.after(sample)
    assert 200 <= core_mw(power) <= 60_000


def card(utilisation: int, power_w: float | None, foreign: float = 0.0) -> Gpu:
    return Gpu(0, "card", 1, 1, utilisation, power_w=power_w, foreign_utilisation_percent=foreign)


def test_a_graphics_cards_power_is_ours_by_our_share_of_its_work() -> None:
    assert our_gpu_mw([card(100, 200.0)]) == 200_000 * WALL_PERCENT // 100
    assert our_gpu_mw([card(80, 200.0, foreign=60.0)]) == 50_000 * WALL_PERCENT // 100
    assert our_gpu_mw([card(50, None)]) == GPU_UNKNOWN_MW // 2
    assert our_gpu_mw([card(0, 30.0), card(60, 200.0, foreign=100.0)]) == 0
