"""Whether work pays: exact, rounded against a loss, and at one with what the market is asked."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gridle.market.protocol.ids import MAX_UNITS
from gridle.worker.policy.electricity import Electricity
from gridle.worker.policy.power_price import PowerPrice
from gridle.worker.policy.profit import (
    Terms,
    dearest_within,
    least_ask_units_per_core_hour,
    pay_micros,
    price_now,
    waits_until,
    worth,
)

NOW = 1_800_000_000.0
PEAK = PowerPrice(1_076_000, "peak", NOW + 3600, cheap_at=NOW + 7200)
YUAN = Electricity(currency="CNY", token_value_micros=7_100_000)

electricities = st.builds(
    Electricity,
    token_value_micros=st.integers(1, 10**12),
    floor_micros_per_hour=st.integers(0, 10**9),
)
terms_of_any_kind = st.builds(
    Terms,
    electricity=electricities,
    price=st.builds(
        PowerPrice, micros_per_kwh=st.integers(0, 10**9), band=st.just("x"), until=st.just(NOW)
    ),
    core_mw=st.integers(0, 60_000),
    token_decimals=st.integers(0, 18),
    speed_permille=st.integers(1, 10_000),
)
prices = st.integers(1, 10**15)
reference_seconds = st.floats(1e-3, 1e7)


def terms(electricity: Electricity = YUAN, price: PowerPrice = PEAK) -> Terms:
    return Terms(electricity, price, core_mw=8000, token_decimals=6)


def test_an_hours_pay_cost_and_net() -> None:
    """8 W for an hour at 1.076 CNY is 0.008608 CNY; 1000 units a half hour are 0.0142 CNY."""
    found = worth(terms(), price_units=1000, reference_s=1800)
    assert found.pay_micros_per_hour == 14_200
    assert found.cost_micros_per_hour == 8608
    assert found.net_micros_per_hour == 5592
    assert found.is_enough
    assert found.until == PEAK.until


def test_the_floor_is_just_reached_and_just_missed() -> None:
    at_floor = replace(YUAN, floor_micros_per_hour=5592)
    above = replace(YUAN, floor_micros_per_hour=5593)
    assert worth(terms(at_floor), 1000, 1800).is_enough
    assert not worth(terms(above), 1000, 1800).is_enough
    assert worth(terms(replace(above, may_lose=True)), 1000, 1800).is_enough


def test_a_fast_machine_earns_more_in_an_hour() -> None:
    fast = Terms(YUAN, PEAK, core_mw=8000, token_decimals=6, speed_permille=2000)
    assert worth(fast, 1000, 1800).pay_micros_per_hour == 28_400


def test_a_job_whose_tasks_take_longer_than_was_said_is_judged_by_that() -> None:
    on_time = worth(terms(), 1000, 1800, seen_core_s=1799)
    late = worth(terms(), 1000, 1800, seen_core_s=3600)
    assert on_time.pay_micros_per_hour == 14_200
    assert late.pay_micros_per_hour == 7100
    assert not late.is_enough


@given(terms_of_any_kind, prices, reference_seconds)
def test_pay_is_never_said_too_high_nor_cost_too_low(
    at: Terms, price_units: int, reference_s: float
) -> None:
    found = worth(at, price_units, reference_s)
    hours = Fraction(reference_s) / 3600 * 1000 / at.speed_permille
    value = Fraction(at.electricity.token_value_micros, 10**at.token_decimals)
    pay = price_units * value / hours
    cost = Fraction(at.core_mw, 10**6) * at.price.micros_per_kwh
    assert found.pay_micros_per_hour <= pay < found.pay_micros_per_hour + 1
    assert found.cost_micros_per_hour - 1 < cost <= found.cost_micros_per_hour
    if found.is_enough:
        assert pay - cost >= at.electricity.floor_micros_per_hour


@given(terms_of_any_kind, prices, reference_seconds)
def test_the_market_sends_just_what_is_enough(
    at: Terms, price_units: int, reference_s: float
) -> None:
    """As the market compares: a job's rate per reference core-hour against the ask."""
    rate = price_units * 3600 / Fraction(reference_s)
    ask = least_ask_units_per_core_hour(at)
    if rate >= ask and ask < MAX_UNITS:
        assert worth(at, price_units, reference_s).is_enough
    if rate < ask - 1:
        assert not worth(at, price_units, reference_s).is_enough


@given(terms_of_any_kind)
def test_the_ask_is_the_least(at: Terms) -> None:
    ask = least_ask_units_per_core_hour(at)
    if 0 < ask < MAX_UNITS:
        assert worth(at, ask, 3600.0).is_enough
        assert not worth(at, ask - 1, 3600.0).is_enough


@given(terms_of_any_kind)
def test_who_may_lose_asks_for_nothing(at: Terms) -> None:
    loses = replace(at.electricity, may_lose=True)
    lavish = Terms(loses, at.price, at.core_mw, at.token_decimals, at.speed_permille)
    assert least_ask_units_per_core_hour(lavish) == 0
    assert worth(lavish, 1, 1e7).is_enough


@given(terms_of_any_kind, st.integers(0, 10**9), prices, reference_seconds)
def test_dearer_power_never_makes_work_worth_it(
    at: Terms, more: int, price_units: int, reference_s: float
) -> None:
    dearer_price = replace(at.price, micros_per_kwh=at.price.micros_per_kwh + more)
    dearer = Terms(at.electricity, dearer_price, at.core_mw, at.token_decimals, at.speed_permille)
    if worth(dearer, price_units, reference_s).is_enough:
        assert worth(at, price_units, reference_s).is_enough
    assert least_ask_units_per_core_hour(dearer) >= least_ask_units_per_core_hour(at)


def test_an_ask_never_passes_what_the_wire_takes() -> None:
    dear = Electricity(token_value_micros=1, floor_micros_per_hour=10**12)
    assert least_ask_units_per_core_hour(Terms(dear, PEAK, 8000, 18)) == MAX_UNITS


def test_waiting_is_only_for_owners_who_asked_for_it() -> None:
    patient = replace(YUAN, wait_for_cheap_hours=True)
    assert waits_until(YUAN, PEAK) is None
    assert waits_until(patient, PEAK) == NOW + 7200
    assert waits_until(patient, replace(PEAK, cheap_at=None)) is None


def test_one_price_holds_where_there_is_no_tariff() -> None:
    owner = Electricity(price_micros_per_kwh=310_000, currency="EUR", wait_for_cheap_hours=True)
    price = price_now(owner, None, NOW)
    assert (price.micros_per_kwh, price.band) == (310_000, "")
    assert price.until > NOW
    assert waits_until(owner, price) is None
    assert price_now(owner, PEAK, NOW) == PEAK


def test_pay_is_rounded_down() -> None:
    assert pay_micros(YUAN, 6, 1) == 7
    assert pay_micros(YUAN, 18, 1) == 0


def test_the_ask_looks_an_hour_ahead() -> None:
    """A task taken at 07:30 runs into the peak at 08:00, and must pay there, too."""

    def prices(now: float) -> PowerPrice:
        if now < NOW + 1800:
            return PowerPrice(300_000, "valley", NOW + 1800)
        return PowerPrice(1_000_000, "peak", NOW + 86_400)

    assert dearest_within(prices, NOW).band == "peak"
    assert dearest_within(prices, NOW - 1800).band == "valley", "it begins an hour later"
    assert dearest_within(prices, NOW - 1799).band == "peak"


def test_looking_ahead_ends_with_a_price_that_never_moves_on() -> None:
    stuck = PowerPrice(1, "", NOW - 5)
    assert dearest_within(lambda _now: stuck, NOW) == stuck
