"""What one busy core costs in power: measured where the machine can tell, else estimated.

Only *marginal* power counts: what the machine draws more because of our tasks. The machine would
be on anyway, and what it draws at rest is its owner's own.

- **Measured.** With the power P of the processor packages (or, on battery, of the whole machine),
  the lowest power P0 seen while next to nothing ran, and N busy cores (of all programs together),
  each busy core draws (P - P0) / N. A task is charged for the core-seconds that it used, so the
  power above rest is split among all programs by their share of busy time. The figure is smoothed,
  and kept for the times in which nothing can be measured.
- **The wall.** What comes from the socket is more than what a sensor inside sees: power supply,
  voltage converters and fans, or the battery's charger, lose some. `WALL_PERCENT` adds it.
- **Estimated**, where nothing was measured yet: the owner's own figure, else 8 W for a core of a
  desktop or server and 4 W for one of a laptop (a machine with a battery): the rated power of a
  common processor, spread over its cores. A core's second thread costs less than its first;
  it is counted as a whole one, so that the estimate errs towards the higher cost.
- **Graphics cards.** A card's power as its driver gives it, times the share of its work that is
  ours; `GPU_UNKNOWN_MW` at full load where the driver does not tell.

Powers are integers in mW, energies in µJ (mW × ms).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gridle.worker.policy.readings import Gpu

DESKTOP_CORE_MW = 8_000
LAPTOP_CORE_MW = 4_000
GPU_UNKNOWN_MW = 200_000
WALL_PERCENT = 115

_WALL_MW_PER_W = 10 * WALL_PERCENT
_LEAST_CORE_MW, _MOST_CORE_MW = 200, 60_000
"""No core of any processor draws less or more when busy: what is outside is a sensor's fault."""
_MOST_POWER_W = 10_000.0
_AT_REST_CORES, _AT_REST_SHARE = 0.25, 0.05
_LEAST_BUSY_CORES = 0.5
_NEW_WEIGHT = 0.1


@dataclass(frozen=True)
class PowerSample:
    """A stretch of time: mean power, and how many cores were busy on average."""

    power_w: float
    busy_cores: float
    """All programs', ours with them."""
    our_cores: float
    cores: int
    """Logical cores of this machine."""


@dataclass(frozen=True)
class CorePower:
    """What was learned about this machine. Give `after` every sample, also without tasks."""

    at_rest_w: float | None = None
    busy_core_mw: float | None = None

    def after(self, sample: PowerSample) -> CorePower:
        """Return what is known once this sample is, too; nonsense changes nothing."""
        if not 0 < sample.power_w < _MOST_POWER_W:
            return self
        rest = max(_AT_REST_CORES, _AT_REST_SHARE * sample.cores)
        if sample.our_cores == 0 and sample.busy_cores <= rest:
            lowest = min(sample.power_w, self.at_rest_w or sample.power_w)
            return replace(self, at_rest_w=lowest)
        if self.at_rest_w is None or sample.busy_cores < _LEAST_BUSY_CORES:
            return self
        seen = max(0.0, sample.power_w - self.at_rest_w) / sample.busy_cores
        mw = min(max(seen * _WALL_MW_PER_W, _LEAST_CORE_MW), _MOST_CORE_MW)
        if self.busy_core_mw is not None:
            mw = self.busy_core_mw + _NEW_WEIGHT * (mw - self.busy_core_mw)
        return replace(self, busy_core_mw=mw)

    @property
    def is_measured(self) -> bool:
        """Whether anything was learned yet."""
        return self.busy_core_mw is not None

    def core_mw(self, owners_mw: int, *, has_battery: bool) -> int:
        """Return the power of one busy core.

        Args:
            owners_mw: `Electricity.core_power_mw`; 0 where the owner gave none.
            has_battery: whether this is a laptop.
        """
        if self.busy_core_mw is not None:
            return round(self.busy_core_mw)
        return owners_mw or (LAPTOP_CORE_MW if has_battery else DESKTOP_CORE_MW)


def our_gpu_mw(gpus: Iterable[Gpu]) -> int:
    """Return the power that our tasks draw through graphics cards now."""
    total = 0.0
    for gpu in gpus:
        busy = min(100.0, gpu.utilisation_percent)
        ours = busy - gpu.foreign_utilisation_percent
        if ours <= 0:
            continue
        if gpu.power_w is None:
            total += GPU_UNKNOWN_MW * ours / 100
        else:
            total += min(gpu.power_w, _MOST_POWER_W) * _WALL_MW_PER_W * ours / busy
    return round(total)
