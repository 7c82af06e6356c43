"""Graphics cards, through NVIDIA's management library where it is installed."""

from __future__ import annotations

from types import ModuleType
from typing import Protocol

from gridle.worker.policy.readings import Gpu


class Gpus(Protocol):
    """One way to see graphics cards."""

    def read(self) -> tuple[Gpu, ...]:
        """Return all cards as they are now."""

    def close(self) -> None:
        """Give the library back."""


class NoGpus:
    """A machine without a library that shows its cards."""

    def read(self) -> tuple[Gpu, ...]:
        """Return no card."""
        return ()

    def close(self) -> None:
        """Do nothing."""


class NvidiaGpus:
    """NVML; where a card stops answering, none is shown until all answer again."""

    def __init__(self, nvml: ModuleType) -> None:
        self._nvml = nvml

    def read(self) -> tuple[Gpu, ...]:
        """Ask every card; takes about a millisecond each."""
        try:
            cards = [self._card(index) for index in range(self._nvml.nvmlDeviceGetCount())]
        except self._nvml.NVMLError:
            return ()
        return tuple(cards)

    def close(self) -> None:
        """Unload the driver's half of the library."""
        self._nvml.nvmlShutdown()

    def _card(self, index: int) -> Gpu:
        handle = self._nvml.nvmlDeviceGetHandleByIndex(index)
        memory = self._nvml.nvmlDeviceGetMemoryInfo(handle)
        name = self._nvml.nvmlDeviceGetName(handle)
        return Gpu(
            index=index,
            name=name.decode() if isinstance(name, bytes) else name,
            memory_bytes=memory.total,
            memory_used_bytes=memory.used,
            utilisation_percent=self._nvml.nvmlDeviceGetUtilizationRates(handle).gpu,
        )


def find_gpus() -> Gpus:
    """Return the adapter for this machine; the library is loaded only here."""
    try:
        import pynvml  # noqa: PLC0415 - 2 MB that most machines never need
    except ImportError:
        return NoGpus()
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return NoGpus()
    return NvidiaGpus(pynvml)
