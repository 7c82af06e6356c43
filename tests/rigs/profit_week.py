"""A week of one machine's work under a tariff: the real policy, a made-up stream of tasks.

Each task is offered at its own hour and waits a day for a taker. The machine asks for work as the
worker does (its least ask, compared as the market compares it), takes on nothing new while it
waits for cheap hours, pauses what is not worth its electricity, and gives back, unpaid, what
stays paused for longer than the worker keeps it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from random import Random

from gridle.worker.policy.decide import decide
from gridle.worker.policy.electricity import Electricity
from gridle.worker.policy.eviction import LONG_PAUSE_S
from gridle.worker.policy.limits import Budget, Limits
from gridle.worker.policy.owner import OwnerWish
from gridle.worker.policy.power_price import PowerPrice
from gridle.worker.policy.profit import (
    Terms,
    dearest_within,
    least_ask_units_per_core_hour,
    waits_until,
    worth,
)
from gridle.worker.policy.readings import Readings

STEP_S = 600
DAY_S = 86_400
CORES = 4
CORE_MW = 8000
DECIMALS = 6
PATIENCE_S = DAY_S
TASKS_A_JOB = 8
_MICROS = 10**6
_STEP_KWH = Fraction(CORE_MW * STEP_S, 1000 * 3_600_000)

Prices = Callable[[float], PowerPrice]

_LIMITS = Limits(
    while_away=Budget(cpu_percent=100, cores=CORES, memory_mib=4096),
    while_in_use=Budget(cpu_percent=10, cores=1, memory_mib=1024),
)
_AWAY = Readings(
    seconds_since_input=1e6,
    session_unseen=False,
    on_battery=False,
    battery_percent=None,
    foreign_cpu_percent=0.0,
    free_memory_bytes=2**36,
    cores=CORES,
)


@dataclass
class Task:
    """One task: its pay, what was said that it takes, and what it takes."""

    job: int
    offered_at: float
    price_units: int
    reference_s: int
    real_s: int
    spent_s: int = 0
    paused_s: int = 0
    expected_s: int = 0
    """What was known of its length when it was taken."""


@dataclass
class Week:
    """What a week came to; money is exact, in the tariff's currency."""

    pay: Fraction = Fraction(0)
    cost: Fraction = Fraction(0)
    energy_kwh: Fraction = Fraction(0)
    done: int = 0
    given_back: int = 0
    below_floor: set[int] = field(default_factory=set)
    """Tasks that ran at least once while an hour of them left less than the owner's floor."""
    belied: int = 0
    """Done tasks that left less than the floor because they took longer than was said."""

    @property
    def net(self) -> Fraction:
        """What is left."""
        return self.pay - self.cost


def stream(
    seed: int, start: float, busy_share: float, units_per_hour: tuple[int, int]
) -> list[Task]:
    """Return a week's tasks; together they keep `busy_share` of the machine busy.

    Jobs' rates lie between the two, evenly on a logarithmic scale; the tasks of one job in five
    take longer than was said.
    """
    random = Random(seed)  # noqa: S311 - a repeatable stream, no secret
    left_s, tasks, job = busy_share * 7 * DAY_S * CORES, list[Task](), 0
    low, high = units_per_hour
    while left_s > 0:
        job += 1
        reference_s = STEP_S * random.randint(1, 6)
        rate = low * (high / low) ** random.random()
        real_s = reference_s + STEP_S * (random.randint(1, 4) if random.random() < 1 / 5 else 0)
        for _ in range(TASKS_A_JOB):
            at = start + random.randrange(7 * DAY_S)
            tasks.append(Task(job, at, round(rate * reference_s / 3600), reference_s, real_s))
            left_s -= reference_s
    return sorted(tasks, key=lambda task: task.offered_at)


def allowed(electricity: Electricity, price: PowerPrice, now: float) -> tuple[bool, bool]:
    """Say whether the policy lets this machine run tasks now, and take on new ones."""
    may_run = decide(_LIMITS, _AWAY, OwnerWish(started=True), now).may_run
    return may_run, may_run and waits_until(electricity, price) is None


class Machine:
    """One machine through one week."""

    def __init__(self, electricity: Electricity, prices: Prices) -> None:
        self.week = Week()
        self._electricity = electricity
        self._prices = _remembering(prices)
        self._running: list[Task] = []
        self._seen_s: dict[int, int] = {}

    def live(self, tasks: list[Task], start: float) -> Week:
        """Work through a week under the real policy."""
        ahead, offered = [replace(task) for task in reversed(tasks)], list[Task]()
        for now in range(round(start), round(start) + 7 * DAY_S, STEP_S):
            price = self._prices(now)
            terms = Terms(self._electricity, price, CORE_MW, DECIMALS)
            while ahead and ahead[-1].offered_at <= now:
                offered.append(ahead.pop())
            offered = [task for task in offered if now < task.offered_at + PATIENCE_S]
            may_run, takes_work = allowed(self._electricity, price, now)
            if takes_work:
                dearest = dearest_within(self._prices, now)
                ask = least_ask_units_per_core_hour(replace(terms, price=dearest))
                self._take(offered, ask, terms)
            self._work(terms, may_run=may_run)
        return self.week

    def _take(self, offered: list[Task], ask: int, terms: Terms) -> None:
        """Lease what the market would give for our ask, oldest first."""
        for task in list(offered):
            if len(self._running) >= CORES:
                return
            if task.price_units * 3600 >= ask * task.reference_s:
                task.expected_s = max(task.reference_s, self._seen_s.get(task.job, 0))
                offered.remove(task)
                if _is_worth(terms, task):
                    self._running.append(task)

    def _work(self, terms: Terms, *, may_run: bool) -> None:
        week = self.week
        for task in list(self._running):
            if may_run and _is_worth(terms, task):
                self._burn(task, terms)
            else:
                task.paused_s += STEP_S
            if task.spent_s >= task.real_s:
                self._running.remove(task)
                self._seen_s[task.job] = task.real_s
                week.done += 1
                week.pay += _worth_of(terms.electricity, task.price_units)
                week.belied += _left_an_hour(terms, task, task.real_s) < _floor(terms)
            elif task.paused_s > LONG_PAUSE_S:
                self._running.remove(task)
                week.given_back += 1

    def _burn(self, task: Task, terms: Terms) -> None:
        """Burn a step's electricity, and audit it."""
        self.week.energy_kwh += _STEP_KWH
        self.week.cost += _STEP_KWH * Fraction(terms.price.micros_per_kwh, _MICROS)
        if _left_an_hour(terms, task, task.expected_s) < _floor(terms):
            self.week.below_floor.add(id(task))
        task.spent_s += STEP_S
        task.paused_s = 0


def _remembering(prices: Prices) -> Prices:
    """Ask for each price once while it holds: a week asks thousands of times."""
    held: list[tuple[float, PowerPrice]] = []

    def price_at(now: float) -> PowerPrice:
        for since, price in reversed(held[-3:]):
            if since <= now < price.until:
                return price
        held.append((now, prices(now)))
        return held[-1][1]

    return price_at


def _is_worth(terms: Terms, task: Task) -> bool:
    return worth(terms, task.price_units, task.reference_s, seen_core_s=task.expected_s).is_enough


def _left_an_hour(terms: Terms, task: Task, taken_s: int) -> Fraction:
    """The audit's own arithmetic, in whole currency."""
    pay = _worth_of(terms.electricity, task.price_units) * 3600 / taken_s
    return pay - Fraction(CORE_MW, _MICROS) * Fraction(terms.price.micros_per_kwh, _MICROS)


def _floor(terms: Terms) -> Fraction:
    return Fraction(terms.electricity.floor_micros_per_hour, _MICROS)


def _worth_of(electricity: Electricity, units: int) -> Fraction:
    return Fraction(units * electricity.token_value_micros, 10**DECIMALS * _MICROS)
