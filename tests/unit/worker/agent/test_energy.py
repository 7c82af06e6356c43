"""The meter charges every core-second once, at the power and the price of its time."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from gridle.worker.agent.energy import NOTHING, EnergyMeter, cost_uj_micros, stretches
from gridle.worker.policy.power_price import PowerPrice
from gridle.worker.policy.readings import Gpu, Readings
from tests.rigs.worker_jobs import lease_id

NOW = 1_800_000_000.0
ONE, TWO = lease_id(1), lease_id(2)
VALLEY, PEAK = 300_000, 1_100_000
CHANGE_AT = NOW + 100.0
READINGS = Readings(
    seconds_since_input=600.0,
    session_unseen=False,
    on_battery=False,
    battery_percent=None,
    foreign_cpu_percent=0.0,
    free_memory_bytes=2**30,
    cores=8,
)


def prices(now: float) -> PowerPrice:
    """Valley, and from `CHANGE_AT` on peak."""
    if now < CHANGE_AT:
        return PowerPrice(VALLEY, "valley", CHANGE_AT)
    return PowerPrice(PEAK, "peak", now + 86_400)


def meter() -> EnergyMeter:
    return EnergyMeter(10_000, prices)


def kwh_micros(mw: int, seconds: float, price: int) -> Fraction:
    return Fraction(mw) * Fraction(seconds) * price / 3600 / 10**6


def test_a_core_hour_at_ten_watts() -> None:
    made = EnergyMeter(10_000, lambda now: PowerPrice(PEAK, "", now + 9999))
    for second in range(3601):
        made.update(NOW + second, {ONE: float(second)}, READINGS)
    spent = made.of(ONE)
    assert spent.energy_mj == 36_000_000, "10 W for an hour"
    assert spent.cost_micros == 11_000, "0.01 kWh at 1.1"
    assert made.settle(ONE, 3600.0, NOW + 3600) == spent
    made.forget(ONE)
    assert made.of(ONE) == NOTHING


def test_what_falls_on_both_sides_of_a_price_change_is_charged_at_both() -> None:
    made = meter()
    made.update(CHANGE_AT - 5, {ONE: 0.0}, READINGS)
    made.update(CHANGE_AT + 15, {ONE: 2000.0}, READINGS)
    exact = kwh_micros(10_000, 500, VALLEY) + kwh_micros(10_000, 1500, PEAK)
    assert made.of(ONE).cost_micros == -(-exact.numerator // exact.denominator)


def test_the_last_figure_counts_at_the_end() -> None:
    made = meter()
    made.update(NOW, {ONE: 10.0}, READINGS)
    assert made.settle(ONE, 12.5, NOW + 3).energy_mj == 125_000
    assert made.settle(ONE, 12.5, NOW + 9).energy_mj == 125_000, "safe to repeat"


def test_a_new_attempt_begins_at_zero_and_both_count() -> None:
    made = meter()
    made.update(NOW, {ONE: 10.0}, READINGS)
    made.update(NOW + 1, {ONE: 0.0}, READINGS)
    made.update(NOW + 2, {ONE: 4.0}, READINGS)
    assert made.of(ONE).energy_mj == 140_000


def test_a_figure_that_wavers_is_no_new_attempt() -> None:
    made = meter()
    for cpu_s in (10.0, 9.9, 10.1):
        made.update(NOW, {ONE: cpu_s}, READINGS)
    assert made.of(ONE).energy_mj == 101_000


def test_many_small_steps_add_up_to_the_whole() -> None:
    made = meter()
    for step in range(1, 10_001):
        made.update(NOW + step / 1000, {ONE: step * 0.0004}, READINGS)
    assert made.of(ONE).energy_mj == 40_000


def test_a_clock_that_is_put_back_or_far_forward_breaks_nothing() -> None:
    made = meter()
    for at, cpu_s in ((NOW, 1.0), (NOW - 9e6, 2.0), (NOW + 9e6, 3.0), (NOW + 9e6, 4.0)):
        made.update(at, {ONE: cpu_s}, READINGS)
    assert made.of(ONE).energy_mj == 40_000


def test_the_owners_figure_gives_way_to_what_is_measured() -> None:
    made = meter()
    at_rest = replace(READINGS, power_w=20.0)
    for second in range(5):
        made.update(NOW + second, {}, at_rest)
    assert made.core_mw == 10_000
    busy = replace(READINGS, power_w=36.0, foreign_cpu_percent=12.5)
    made.update(NOW + 5, {ONE: 1.0}, busy)
    assert made.power.is_measured
    assert made.core_mw == 9200, "16 W for one core of ours and one of others, at the wall"
    assert made.of(ONE).energy_mj == 9200


def test_a_laptop_is_estimated_lower() -> None:
    made = EnergyMeter(0, prices)
    made.update(NOW, {ONE: 1.0}, READINGS)
    desktop_mj = made.of(ONE).energy_mj
    made.update(NOW + 1, {ONE: 1.0, TWO: 1.0}, replace(READINGS, battery_percent=80.0))
    assert (desktop_mj, made.of(TWO).energy_mj) == (8000, 4000)


def test_tasks_on_graphics_cards_share_their_energy() -> None:
    made = meter()
    card = Gpu(0, "card", 1, 1, 100, power_w=200.0)
    made.update(NOW, {}, READINGS)
    made.update(NOW + 2, {}, replace(READINGS, gpus=(card,)), on_gpu=frozenset((ONE, TWO)))
    assert made.of(ONE).energy_mj == made.of(TWO).energy_mj == 230_000


@given(st.integers(0, 10**12), st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 10**6))))
def test_cost_is_never_below_the_exact_one(energy_uj: int, held: list[tuple[int, int]]) -> None:
    if not held:
        return
    total_ms = sum(ms for _price, ms in held)
    exact = Fraction(energy_uj * sum(price * ms for price, ms in held), total_ms)
    assert exact <= cost_uj_micros(energy_uj, tuple(held)) < exact + 1


@pytest.mark.parametrize("never", [0.0, NOW])
def test_a_tariff_that_never_moves_on_cannot_hang_the_meter(never: float) -> None:
    found = list(stretches(lambda _now: PowerPrice(1, "", never), NOW, NOW + 5))
    assert 0 < len(found) <= 100


class Meter(RuleBasedStateMachine):
    """Against an account that adds up each second of each task by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.meter = meter()
        self.now = NOW
        self.cpu_s = {ONE: 0.0, TWO: 0.0}
        self.used_s = {ONE: 0.0, TWO: 0.0}
        self.meter.update(self.now, self.cpu_s, READINGS)

    @rule(passed_s=st.integers(1, 40), one=st.integers(0, 80), two=st.integers(0, 80))
    def time_passes(self, passed_s: int, one: int, two: int) -> None:
        self.now += passed_s
        for lease, used in ((ONE, one), (TWO, two)):
            self.cpu_s[lease] += used
            self.used_s[lease] += used
        self.meter.update(self.now, self.cpu_s, READINGS)

    @rule(lease=st.sampled_from((ONE, TWO)))
    def begins_again(self, lease: str) -> None:
        self.cpu_s[lease] = 0.0
        self.meter.update(self.now, self.cpu_s, READINGS)

    @rule(lease=st.sampled_from((ONE, TWO)), last=st.integers(0, 5))
    def ends(self, lease: str, last: int) -> None:
        spent = self.meter.settle(lease, self.cpu_s[lease] + last, self.now)
        self.meter.forget(lease)
        assert spent.energy_mj == 10_000 * (self.used_s[lease] + last)
        self.cpu_s[lease] = self.used_s[lease] = 0.0

    @invariant()
    def every_second_is_charged_once_between_the_lowest_and_the_highest_price(self) -> None:
        for lease, used_s in self.used_s.items():
            spent = self.meter.of(lease)
            assert spent.energy_mj == 10_000 * used_s
            least, most = (kwh_micros(10_000, used_s, price) for price in (VALLEY, PEAK))
            assert least <= spent.cost_micros <= most + 1


TestMeter = Meter.TestCase
