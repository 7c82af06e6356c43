"""A machine without the library or the driver has no cards, and finds a driver that comes later.

What real calls of the library answer is tested in tests/integration/worker/machine.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pynvml
import pytest

from gridle.worker.probes.machine.gpus import NoGpus, NvidiaGpus, find_gpus
from gridle.worker.probes.machine.nvml_card import latest_shares, program_names


class Driver:
    """NVML's front, with a driver behind it that may be missing."""

    def __init__(self) -> None:
        self.is_loaded = False
        self.greetings = 0
        self.module = ModuleType("nvml")
        self.module.NVMLError = pynvml.NVMLError  # type: ignore[attr-defined]
        self.module.nvmlInit = self.greet  # type: ignore[attr-defined]
        self.module.nvmlShutdown = self.fail_unless_loaded  # type: ignore[attr-defined]
        self.module.nvmlDeviceGetCount = self.fail_unless_loaded  # type: ignore[attr-defined]

    def greet(self) -> None:
        self.greetings += 1
        self.fail_unless_loaded()

    def fail_unless_loaded(self) -> int:
        if not self.is_loaded:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_DRIVER_NOT_LOADED)
        return 0


def test_a_driver_is_greeted_again_once_a_minute() -> None:
    driver, now_s = Driver(), 0.0
    gpus = NvidiaGpus(driver.module, lambda: now_s)
    assert gpus.read() == ()
    driver.is_loaded = True
    gpus.read()
    assert driver.greetings == 1
    now_s = 60.0
    gpus.read()
    gpus.read()
    assert driver.greetings == 2


def test_a_driver_that_goes_is_let_go_of_and_may_come_back() -> None:
    driver, now_s = Driver(), 0.0
    driver.is_loaded = True
    gpus = NvidiaGpus(driver.module, lambda: now_s)
    gpus.read()
    driver.is_loaded = False
    assert gpus.read() == ()
    now_s = 60.0
    driver.is_loaded = True
    gpus.read()
    assert driver.greetings == 2
    gpus.close()
    gpus.close()


def test_a_machine_without_the_library_has_no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_installed(_name: str) -> None:
        raise OSError

    monkeypatch.setattr(ctypes, "CDLL", not_installed)
    assert isinstance(find_gpus("linux"), NoGpus)
    assert NoGpus().read() == ()


def test_an_installation_without_the_front_has_no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: None)
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert isinstance(find_gpus("linux"), NoGpus)


def test_the_newest_sample_of_each_process_counts_unless_it_is_nonsense() -> None:
    def sample(pid: int, at: int, sm: int, decoding: int = 0) -> SimpleNamespace:
        return SimpleNamespace(pid=pid, timeStamp=at, smUtil=sm, encUtil=0, decUtil=decoding)

    samples = [sample(1, 20, 30), sample(1, 10, 90), sample(2, 10, 0, decoding=15)]
    assert latest_shares([*samples, sample(3, 10, 4_000_000)]) == {1: 30.0, 2: 15.0}


def test_programs_have_names_fit_to_be_shown(tmp_path: Path) -> None:
    for pid, name in ((5, "blender"), (6, "blender"), (7, "\x1b[2Jevil")):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "comm").write_text(name + "\n")
    pids = frozenset({5, 6, 7, 8})
    assert program_names(pids, tmp_path) == (" [2Jevil", "8", "blender")
