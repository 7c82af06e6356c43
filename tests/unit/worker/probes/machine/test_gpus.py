"""Cards are read through NVML's own interface, and a machine without it has none."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from gridle.worker.policy.readings import Gpu
from gridle.worker.probes.machine.gpus import NoGpus, NvidiaGpus, find_gpus


class _NvmlError(Exception):
    pass


def _nvml(*, works: bool = True) -> ModuleType:
    module = ModuleType("pynvml")

    def count() -> int:
        if not works:
            raise _NvmlError
        return 1

    facts: dict[str, object] = {
        "NVMLError": _NvmlError,
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlDeviceGetCount": count,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetMemoryInfo": lambda _: SimpleNamespace(total=16 * 2**30, used=2**30),
        "nvmlDeviceGetName": lambda _: b"Card",
        "nvmlDeviceGetUtilizationRates": lambda _: SimpleNamespace(gpu=7),
    }
    for name, fact in facts.items():
        setattr(module, name, fact)
    return module


def test_a_card_is_described() -> None:
    assert NvidiaGpus(_nvml()).read() == (Gpu(0, "Card", 16 * 2**30, 2**30, 7),)


def test_a_card_that_does_not_answer_is_not_shown() -> None:
    assert NvidiaGpus(_nvml(works=False)).read() == ()


def test_a_machine_without_the_library_has_no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert isinstance(find_gpus(), NoGpus)


def test_a_machine_without_the_driver_has_no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = _nvml()

    def no_driver() -> None:
        raise _NvmlError

    monkeypatch.setattr(nvml, "nvmlInit", no_driver)
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    assert isinstance(find_gpus(), NoGpus)
    assert NoGpus().read() == ()
