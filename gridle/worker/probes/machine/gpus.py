"""Graphics cards, through NVIDIA's management library where it is installed."""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Protocol

from gridle.worker.policy.readings import Gpu
from gridle.worker.probes.machine.nvml_card import read_card

_NOBODY: frozenset[int] = frozenset()
_MOST_CARDS = 64
_TRY_AGAIN_S = 60.0


class Gpus(Protocol):
    """One way to see graphics cards."""

    def read(self, ours: frozenset[int] = _NOBODY) -> tuple[Gpu, ...]:
        """Return all cards as they are now; `ours` are the processes of our tasks."""

    def close(self) -> None:
        """Give the library back."""


class NoGpus:
    """A machine without a library that shows its cards."""

    def read(self, ours: frozenset[int] = _NOBODY) -> tuple[Gpu, ...]:  # noqa: ARG002 - the port's
        """Return no card."""
        return ()

    def close(self) -> None:
        """Do nothing."""


class NvidiaGpus:
    """NVML; a card that stops answering is not shown, and hides no other.

    The driver may be loaded later than the worker, and may be replaced under it: where it does
    not answer at all, it is greeted anew, once a minute at most.
    """

    def __init__(self, nvml: ModuleType, clock: Callable[[], float] = time.monotonic) -> None:
        self._nvml = nvml
        self._clock = clock
        self._greeted = False
        self._greet_at = float("-inf")

    def read(self, ours: frozenset[int] = _NOBODY) -> tuple[Gpu, ...]:
        """Ask every card; takes about a millisecond each, and seconds where one has to wake."""
        if not self._greet():
            return ()
        try:
            count = min(_MOST_CARDS, self._nvml.nvmlDeviceGetCount())
        except self._nvml.NVMLError:
            self.close()
            return ()
        cards = (read_card(self._nvml, index, ours) for index in range(count))
        return tuple(card for card in cards if card is not None)

    def close(self) -> None:
        """Unload the driver's half of the library."""
        if self._greeted:
            self._greeted = False
            try:
                self._nvml.nvmlShutdown()
            except self._nvml.NVMLError:
                return  # the driver went first

    def _greet(self) -> bool:
        if not self._greeted and self._clock() >= self._greet_at:
            self._greet_at = self._clock() + _TRY_AGAIN_S
            try:
                self._nvml.nvmlInit()
            except self._nvml.NVMLError:
                return False
            self._greeted = True
        return self._greeted


def find_gpus(platform: str = sys.platform) -> Gpus:
    """Return the adapter for this machine; the library is loaded only where it is installed."""
    try:
        if platform == "linux":
            ctypes.CDLL("libnvidia-ml.so.1")  # pynvml would cost 2 MB only to find nothing
        import pynvml  # noqa: PLC0415 - most machines never need it
    except (ImportError, OSError):
        return NoGpus()
    return NvidiaGpus(pynvml)
