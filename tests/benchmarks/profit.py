"""A simulated week under every Shanghai tariff: is any task run at a loss, and does waiting pay?

Each class at each voltage, in summer and not, with one stream of tasks for all: a quarter of what
the machine could do, so that there is a choice of hours. Rates run from well below the valley's
electricity to several times the peak's, and some jobs take longer than they say. One stream for
each class has more work than the machine can do: then waiting costs hours, and total pay falls.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from gridle.worker.policy.electricity import Electricity
from gridle.worker.policy.tariff import Tariff
from gridle.worker.tariff_files import list_presets
from tests.benchmarks.table import Row
from tests.rigs.profit_week import CORE_MW, CORES, Machine, Task, Week, stream

SEED = 20261125
SOME, PLENTY = 0.25, 1.5
UNITS_PER_HOUR = (200, 4000)
"""Base units per core-hour, of a dollar's token with six decimals: 0.0002 to 0.004 dollars."""
OWNER = Electricity(currency="CNY", token_value_micros=7_100_000, floor_micros_per_hour=1000)
"""A floor of 0.001 CNY an hour; a core's electricity costs 0.0016 to 0.0092."""
MONDAYS = {"non-summer": (2026, 1, 5), "summer": (2026, 7, 6)}


@dataclass(frozen=True)
class Outcome:
    """One week, lived three times with the same tasks."""

    at_once: Week
    waiting: Week
    blind: Week
    """By an owner who may lose: as any worker does that knows no prices."""

    @property
    def gain_pct(self) -> float:
        """How much more net pay waiting left."""
        return float(100 * (self.waiting.net / self.at_once.net - 1))

    @property
    def gain_per_kwh_pct(self) -> float:
        """The same for each kilowatt-hour."""
        return float(100 * (_per_kwh(self.waiting) / _per_kwh(self.at_once) - 1))


def measure() -> Iterator[Row]:
    """Yield tasks below the floor, and what waiting for valley hours brings."""
    tariffs = [each for each in list_presets() if each.preset_id.startswith("shanghai-")]
    outcomes = [_live(tariff, season, SOME) for tariff in tariffs for season in MONDAYS]
    below = sum(len(week.below_floor) for each in outcomes for week in (each.at_once, each.waiting))
    blind = sum(len(each.blind.below_floor) for each in outcomes)
    yield Row(
        "profit_tasks_below_floor",
        below,
        f"tasks of {sum(each.at_once.done + each.waiting.done for each in outcomes)}",
        "0",
        "a worker blind to prices, same weeks",
        blind,
    )
    over = f"{len(outcomes)} weeks, {CORES} cores of {CORE_MW / 1000:g} W"
    for name, gains in (
        ("profit_waiting_gain_pct", [each.gain_pct for each in outcomes]),
        ("profit_waiting_gain_per_kwh_pct", [each.gain_per_kwh_pct for each in outcomes]),
    ):
        mean = statistics.mean(gains)
        yield Row(name, mean, f"% of net pay, {over}", "> 0", "the least week's", min(gains))
    plenty = [
        _live(each, "summer", PLENTY) for each in tariffs if each.preset_id.endswith("-10-kv")
    ]
    yield Row(
        "profit_waiting_gain_if_busy_pct",
        statistics.mean(each.gain_pct for each in plenty),
        "% of net pay, more work than the machine can do",
        "-",
        "per kWh in the same weeks",
        statistics.mean(each.gain_per_kwh_pct for each in plenty),
    )


def _live(tariff: Tariff, season: str, busy_share: float) -> Outcome:
    start = datetime(*MONDAYS[season], tzinfo=tariff.zone).timestamp()
    tasks = stream(SEED, start, busy_share, UNITS_PER_HOUR)
    outcome = Outcome(
        _week(OWNER, tariff, tasks, start),
        _week(replace(OWNER, wait_for_cheap_hours=True), tariff, tasks, start),
        _week(replace(OWNER, may_lose=True), tariff, tasks, start),
    )
    sys.stderr.write(f"{tariff.preset_id}, {season}, {len(tasks)} tasks offered\n")
    for label, week in (
        ("at once", outcome.at_once),
        ("waiting", outcome.waiting),
        ("blind", outcome.blind),
    ):
        sys.stderr.write(
            f"  {label}: {week.done} done, net {float(week.net):.4f} CNY of"
            f" {float(week.pay):.4f}, {float(week.energy_kwh):.3f} kWh,"
            f" {float(_per_kwh(week)):.3f} CNY/kWh; {len(week.below_floor)} below the floor,"
            f" {week.belied} longer than said and so below it, {week.given_back} given back\n"
        )
    return outcome


def _week(owner: Electricity, tariff: Tariff, tasks: list[Task], start: float) -> Week:
    return Machine(owner, tariff.price_at).live(tasks, start)


def _per_kwh(week: Week) -> float:
    return float(week.net / week.energy_kwh)
