"""The meter: how much energy each task has used, and what that cost at each hour's price.

Pure but for what it remembers: time, readings and prices are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gridle.market.protocol.ids import LeaseId
from gridle.worker.policy.power_model import CorePower, PowerSample, our_gpu_mw
from gridle.worker.policy.power_price import PowerPrice
from gridle.worker.policy.readings import Readings

Prices = Callable[[float], PowerPrice]
"""The price at any time in Unix seconds."""
Held = tuple[tuple[int, int], ...]
"""Prices, and for how many ms each held."""

_UJ_PER_MJ = 1000
_UJ_PER_KWH = 3_600_000 * 10**6
_LEAST_SAMPLE_S, _MOST_SAMPLE_S = 0.5, 30.0
_MOST_STRETCHES = 100
_NEW_ATTEMPT_SHARE = 0.5


@dataclass(frozen=True)
class Spent:
    """Energy and its cost, exact: every rounding is at the end, and upwards."""

    energy_uj: int = 0
    cost_uj_micros: int = 0
    """Each µJ times its price in micros per kWh."""

    @property
    def energy_mj(self) -> int:
        """The energy in mJ."""
        return -(-self.energy_uj // _UJ_PER_MJ)

    @property
    def cost_micros(self) -> int:
        """The cost in millionths of the currency."""
        return -(-self.cost_uj_micros // _UJ_PER_KWH)


NOTHING: Final = Spent()


class EnergyMeter:
    """Charges each task for its core-seconds at the power of a busy core."""

    def __init__(self, owners_core_mw: int, prices: Prices) -> None:
        self.owners_core_mw = owners_core_mw
        """`Electricity.core_power_mw`; may be changed at any time."""
        self.prices = prices
        """May be changed at any time."""
        self.power = CorePower()
        self._has_battery = False
        self._spent: dict[LeaseId, Spent] = {}
        self._cpu_s: dict[LeaseId, float] = {}
        self._last_at: float | None = None

    @property
    def core_mw(self) -> int:
        """The power of one busy core as it is known now."""
        return self.power.core_mw(self.owners_core_mw, has_battery=self._has_battery)

    def update(
        self,
        now: float,
        cpu_s: Mapping[LeaseId, float],
        readings: Readings,
        on_gpu: frozenset[LeaseId] = frozenset(),
    ) -> None:
        """Take what each live task has used in all so far; call it every second or ten.

        A task's figure that goes back to 0 is a new attempt: both attempts count.

        Args:
            now: Unix seconds.
            cpu_s: CPU seconds of each task that a sandbox has; those with a result are left out.
            readings: the machine at `now`.
            on_gpu: the tasks that use graphics cards; they share those cards' energy.
        """
        self._has_battery = readings.battery_percent is not None
        since = now if self._last_at is None else self._last_at
        passed_s = now - since
        used_s = {lease_id: self._newly_used(lease_id, total) for lease_id, total in cpu_s.items()}
        if readings.power_w is not None and _LEAST_SAMPLE_S <= passed_s <= _MOST_SAMPLE_S:
            ours = sum(used_s.values()) / passed_s
            foreign = readings.foreign_cpu_percent / 100 * readings.cores
            sample = PowerSample(readings.power_w, ours + foreign, ours, readings.cores)
            self.power = self.power.after(sample)
        held = tuple(stretches(self.prices, since, now)) if any(used_s.values()) or on_gpu else ()
        for lease_id, seconds in used_s.items():
            self._charge(lease_id, _energy_uj(self.core_mw, seconds), held)
        if on_gpu and 0 < passed_s <= _MOST_SAMPLE_S:
            each_mw = our_gpu_mw(readings.gpus) // len(on_gpu)
            for lease_id in on_gpu:
                self._charge(lease_id, _energy_uj(each_mw, passed_s), held)
        self._last_at = now

    def of(self, lease_id: LeaseId) -> Spent:
        """Return what a task has used until the last update."""
        return self._spent.get(lease_id, NOTHING)

    def settle(self, lease_id: LeaseId, cpu_s: float, now: float) -> Spent:
        """Return what a task has used in all; `cpu_s` is its last figure. Safe to repeat."""
        since = now if self._last_at is None else self._last_at
        seconds = self._newly_used(lease_id, cpu_s)
        if seconds > 0:
            held = tuple(stretches(self.prices, since, now))
            self._charge(lease_id, _energy_uj(self.core_mw, seconds), held)
        return self.of(lease_id)

    def forget(self, lease_id: LeaseId) -> None:
        """Let go of a task whose figures are in the ledger; not to be handed in again."""
        self._cpu_s.pop(lease_id, None)
        self._spent.pop(lease_id, None)

    def _newly_used(self, lease_id: LeaseId, total_s: float) -> float:
        before = self._cpu_s.get(lease_id, 0.0)
        if before * _NEW_ATTEMPT_SHARE <= total_s < before:
            return 0.0  # a measure that wavers; a new attempt begins near 0
        self._cpu_s[lease_id] = total_s
        return total_s - before if total_s >= before else total_s

    def _charge(self, lease_id: LeaseId, energy_uj: int, held: Held) -> None:
        if energy_uj <= 0:
            return
        before = self.of(lease_id)
        self._spent[lease_id] = Spent(
            before.energy_uj + energy_uj, before.cost_uj_micros + cost_uj_micros(energy_uj, held)
        )


def stretches(prices: Prices, since: float, until: float) -> Iterator[tuple[int, int]]:
    """Yield each price between two times, and for how many ms it held (at least one).

    Where the clock was put back, the price at `until` holds for all.
    """
    at = min(until, since)
    for _ in range(_MOST_STRETCHES):
        price = prices(at)
        end = min(price.until, until)
        yield price.micros_per_kwh, max(1, round((end - at) * 1000))
        if end >= until:
            return
        at = end


def cost_uj_micros(energy_uj: int, held: Held) -> int:
    """Return an energy's cost, spread evenly over the stretches of time in which it was used."""
    total_ms = sum(ms for _price, ms in held)
    return -(-energy_uj * sum(price * ms for price, ms in held) // total_ms)


def _energy_uj(power_mw: int, seconds: float) -> int:
    return -(-power_mw * round(seconds * 1_000_000) // 1000)
