"""One graphics card as NVIDIA's management library tells it (NVML API reference)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from gridle.market.protocol.plain_text import plain
from gridle.worker.policy.readings import Gpu
from gridle.worker.probes.machine.gpu_use import CardUsers, foreign_use
from gridle.worker.probes.machine.kernel_file import kernel_text

_HOTTEST_C = 130
_MOST_PROGRAMS = 16
_WHOLE_PERCENT = 100
_SAMPLES_BACK_US = 3_000_000
"""The driver takes a sample of each process every sixth of a second to second."""


def read_card(nvml: ModuleType, index: int, ours: frozenset[int]) -> Gpu | None:
    """Ask a card; None where it does not even say what it is.

    Each question that a card has no answer to leaves its own field unknown, and no other.
    """
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        name = nvml.nvmlDeviceGetName(handle)
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    except nvml.NVMLError:
        return None
    ask = _Asking(nvml, handle)
    utilisation = ask.answer("nvmlDeviceGetUtilizationRates")
    percent = utilisation.gpu if utilisation is not None else 0
    celsius = ask.answer("nvmlDeviceGetTemperature", nvml.NVML_TEMPERATURE_GPU)
    milliwatts = ask.answer("nvmlDeviceGetPowerUsage")
    use = foreign_use(_users(ask, percent), ours)
    return Gpu(
        index=index,
        name=plain(_text(name)),
        memory_bytes=memory.total,
        memory_used_bytes=memory.used,
        utilisation_percent=percent,
        uuid=plain(_text(ask.answer("nvmlDeviceGetUUID") or "")),
        temperature_c=float(celsius) if celsius and celsius < _HOTTEST_C else None,
        power_w=milliwatts / 1000 if milliwatts is not None else None,
        foreign_programs=program_names(use.pids),
        foreign_utilisation_percent=use.utilisation_percent,
    )


def program_names(pids: frozenset[int], proc: Path = Path("/proc")) -> tuple[str, ...]:
    """Return what the processes call themselves, each once; one that hides has its number."""
    names = (plain(kernel_text(proc / str(pid) / "comm")) or str(pid) for pid in sorted(pids))
    return tuple(sorted(set(names)))[:_MOST_PROGRAMS]


class _Asking:
    """Questions about one card that it need not be able to answer."""

    def __init__(self, nvml: ModuleType, handle: object) -> None:
        self._nvml = nvml
        self._handle = handle

    def answer(self, function: str, *arguments: object) -> Any:  # noqa: ANN401 - pynvml has no types
        try:
            return getattr(self._nvml, function)(self._handle, *arguments)
        except self._nvml.NVMLError:
            return None

    def pids(self, function: str) -> frozenset[int]:
        """Return the processes of one list; drivers before 510 know its second form alone."""
        for form in ("_v3", "_v2"):
            processes = self.answer(function + form)
            if processes is not None:
                return frozenset(process.pid for process in processes)
        return frozenset()

    def shares(self) -> dict[int, float] | None:
        """Return each process's share of the card; None where it cannot tell them apart."""
        since_us = max(0, int(time.time() * 1_000_000) - _SAMPLES_BACK_US)
        try:
            samples = self._nvml.nvmlDeviceGetProcessUtilization(self._handle, since_us)
        except self._nvml.NVMLError as error:
            # Nobody used it: an error to some drivers, an empty list to others.
            nobody = (self._nvml.NVML_SUCCESS, self._nvml.NVML_ERROR_NOT_FOUND)
            return {} if error.value in nobody else None
        return latest_shares(samples)


def _users(ask: _Asking, percent: int) -> CardUsers:
    return CardUsers(
        computing=ask.pids("nvmlDeviceGetComputeRunningProcesses"),
        drawing=ask.pids("nvmlDeviceGetGraphicsRunningProcesses"),
        utilisation_percent=percent,
        by_process=ask.shares(),
    )


def latest_shares(samples: Iterable[Any]) -> dict[int, float]:
    """Return the newest sample of each process: computing, encoding or decoding, which is most.

    Some drivers fill a sample with nonsense; one above 100 % is left out.
    """
    shares: dict[int, float] = {}
    for sample in sorted(samples, key=lambda sample: int(sample.timeStamp)):
        share = max(sample.smUtil, sample.encUtil, sample.decUtil)
        if share <= _WHOLE_PERCENT:
            shares[sample.pid] = float(share)
    return shares


def _text(name: str | bytes) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name
