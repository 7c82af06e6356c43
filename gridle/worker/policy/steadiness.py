"""What keeps decisions from flapping: latches with hysteresis, and the heat governor. Pure.

The policy itself remembers nothing. What has to be remembered between two looks at the machine is
this one frozen value; `settle` carries it on.
"""

from __future__ import annotations

from dataclasses import dataclass

from gridle.worker.policy.readings import Gpu

HEAT_BAND_C = 8.0
"""So far below its limit the governor begins to slow work down, and a stop ends."""
FASTER_PER_S = 0.02
"""Speed comes back this slowly: a fan and a heat sink need a minute to follow."""
SLOWEST = 0.1
_SPEED_STEP = 0.05
"""Coarser than the noise of a sensor, so that shares do not change at every look."""
_FAN_SPEED = 0.5


@dataclass(frozen=True)
class Latch:
    """Goes on at once, and off only below a lower mark and after a least time."""

    on: bool = False
    held_s: float = 0.0

    def after(self, elapsed_s: float, *, sets: bool, clears: bool, hold_s: float) -> Latch:
        """Return the latch `elapsed_s` later. `sets` wins over `clears`."""
        if sets:
            return Latch(on=True)
        held_s = self.held_s + elapsed_s
        if not self.on or (clears and held_s >= hold_s):
            return Latch()
        return Latch(on=True, held_s=held_s)


@dataclass(frozen=True)
class Heat:
    """One part's governor: `speed` from SLOWEST to 1, or stopped until it has cooled down."""

    speed: float = 1.0
    stopped: bool = False

    def after(self, elapsed_s: float, temperature_c: float | None, limit_c: float) -> Heat:
        """Return the governor `elapsed_s` later.

        It slows down in proportion within HEAT_BAND_C below the limit, stops at the limit, goes
        on once below the band, and speeds up by FASTER_PER_S at most.
        """
        if temperature_c is None:
            return Heat()
        room = (limit_c - temperature_c) / HEAT_BAND_C
        if room <= 0:
            return Heat(SLOWEST, stopped=True)
        if self.stopped and room < 1:
            return Heat(SLOWEST, stopped=True)
        wanted = min(1.0, SLOWEST + (1.0 - SLOWEST) * room)
        return Heat(min(wanted, self.speed + FASTER_PER_S * elapsed_s))

    @property
    def factor(self) -> float:
        """The share of the allowed CPU that heat leaves: 0 where stopped."""
        return 0.0 if self.stopped else max(SLOWEST, _down(self.speed))


@dataclass(frozen=True)
class Steadiness:
    """Everything that a decision needs to know of the past. The default: a calm machine."""

    cpu_heat: Heat = Heat()
    gpu_heat: tuple[tuple[str, Heat], ...] = ()
    """By card, as `gpu_id` names it."""
    gpu_used: tuple[tuple[str, Latch], ...] = ()
    fan: Latch = Latch()
    others_busy: Latch = Latch()
    yielding: float = 1.0
    """The share of the allowed CPU that an owner's own programs leave, while they are used."""
    memory_short: Latch = Latch()
    disk_short: Latch = Latch()
    battery_low: Latch = Latch()
    exclusive: Latch = Latch()
    watched: Latch = Latch()
    awake_s: float | None = None
    """Seconds since the machine woke from sleep; None once that is long ago."""

    @property
    def speed(self) -> float:
        """The share of the allowed CPU that heat, fan and the owner's own programs leave."""
        fan = _FAN_SPEED if self.fan.on else 1.0
        return min(self.cpu_heat.factor, fan, self.yield_factor)

    @property
    def yield_factor(self) -> float:
        """`yielding` in steps, and never nothing: the guard on foreign load pauses, not this."""
        return max(SLOWEST, _down(self.yielding))


CALM = Steadiness()


def gpu_id(gpu: Gpu) -> str:
    """Return by what a card is known: its UUID, or its number where it has none."""
    return gpu.uuid or str(gpu.index)


def _down(speed: float) -> float:
    return round(int(speed / _SPEED_STEP + 1e-9) * _SPEED_STEP, 2)
