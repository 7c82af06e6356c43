"""The probes of this machine, put together: the one place that asks what the OS offers."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import psutil

from gridle.worker.policy.readings import Gpu, Readings
from gridle.worker.probes.machine.battery import BatteryReading, read_battery
from gridle.worker.probes.machine.cpu_load import ForeignLoad, machine_cpu_times
from gridle.worker.probes.machine.gpus import Gpus, find_gpus
from gridle.worker.probes.presence.build import find_user_input
from gridle.worker.probes.presence.user_input import UserInput
from gridle.worker.probes.sampled import Sampled

_LOAD_PERIOD_S = 2.0
_BATTERY_PERIOD_S = 5.0
_GPU_PERIOD_S = 5.0


class Probes:
    """Everything that the policy needs to know about this machine."""

    def __init__(self, user_input: UserInput, gpus: Gpus) -> None:
        self._user_input = user_input
        self._gpus = gpus
        self._cores = psutil.cpu_count() or 1
        self._load = ForeignLoad(machine_cpu_times(), self._cores, _LOAD_PERIOD_S)
        self._battery: Sampled[BatteryReading] = Sampled(
            read_battery, _BATTERY_PERIOD_S, time.monotonic
        )
        self._cards: Sampled[tuple[Gpu, ...]] = Sampled(gpus.read, _GPU_PERIOD_S, time.monotonic)

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin; `on_change` comes from a thread of the probes at the first input after a rest.

        What changes slowly (load, battery, GPUs) is looked at when somebody reads, not told.
        """
        self._user_input.start(on_change)

    def read(self, our_cpu_s: float, our_memory_bytes: int = 0) -> Readings:
        """Return the machine as it is now; takes well under a millisecond on most calls.

        Args:
            our_cpu_s: CPU seconds that our tasks have used in all, left out of foreign load.
            our_memory_bytes: memory that our tasks hold now, counted as free for them.
        """
        seen = self._user_input.read()
        battery = self._battery.read()
        return Readings(
            seconds_since_input=seen.seconds_since_input,
            session_unseen=seen.session_unseen,
            on_battery=battery.on_battery,
            battery_percent=battery.percent,
            foreign_cpu_percent=self._load.update(machine_cpu_times(), our_cpu_s),
            free_memory_bytes=psutil.virtual_memory().available + our_memory_bytes,
            cores=self._cores,
            gpus=self._cards.read(),
        )

    def watch_closely(self, on: bool) -> None:  # noqa: FBT001 - there is no second meaning
        """Say whether tasks run: the next input must then be seen at once, at any cost."""
        self._user_input.watch_closely(on=on)

    def close(self) -> None:
        """Stop watching."""
        self._user_input.close()
        self._gpus.close()


def build_probes() -> Probes:
    """Look at this machine and take the adapter that fits each of its features."""
    return Probes(find_user_input(os.environ, sys.platform), find_gpus())
