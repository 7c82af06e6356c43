"""A week's work under the real policy: nothing runs below the floor, and waiting pays."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gridle.worker.policy.electricity import Electricity
from gridle.worker.tariff_files import load_tariff
from tests.rigs.profit_week import Machine, Week, stream

OWNER = Electricity(currency="CNY", token_value_micros=7_100_000, floor_micros_per_hour=1000)
RATES = (200, 4000)


def week(owner: Electricity, name: str, month: int, seed: int = 1, share: float = 0.25) -> Week:
    tariff = load_tariff(name, Path("no home"))
    start = datetime(2026, month, 6, tzinfo=tariff.zone).timestamp()
    return Machine(owner, tariff.price_at).live(stream(seed, start, share, RATES), start)


@pytest.mark.parametrize("month", [1, 7])
@pytest.mark.parametrize(
    "name",
    [
        "shanghai-agriculture-35-kv",
        "shanghai-general-commercial-single-rate-below-1-kv",
        "shanghai-large-industry-two-part-10-kv",
        "shanghai-general-commercial-two-part-110-kv",
    ],
)
def test_no_task_runs_below_the_floor_and_waiting_raises_net_pay(name: str, month: int) -> None:
    at_once = week(OWNER, name, month)
    waiting = week(replace(OWNER, wait_for_cheap_hours=True), name, month)
    blind = week(replace(OWNER, may_lose=True), name, month)
    assert not at_once.below_floor
    assert not waiting.below_floor
    assert blind.below_floor, "the stream has tasks that the policy must refuse"
    assert at_once.done > 50
    assert waiting.net > at_once.net > blind.net


@given(st.integers(0, 10**6), st.integers(0, 5000), st.booleans(), st.integers(1, 12))
@settings(max_examples=10, deadline=None)
def test_whatever_the_floor_it_holds(seed: int, floor: int, waits: bool, month: int) -> None:  # noqa: FBT001 - hypothesis draws it
    owner = replace(OWNER, floor_micros_per_hour=floor, wait_for_cheap_hours=waits)
    lived = week(owner, "shanghai-large-industry-two-part-10-kv", month, seed, share=0.5)
    assert not lived.below_floor
    assert lived.net >= 0
