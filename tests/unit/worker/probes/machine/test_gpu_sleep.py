"""Cards that sleep are told by the kernel, and left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridle.worker.policy.readings import Gpu
from gridle.worker.probes.machine.gpu_sleep import CardSleep
from gridle.worker.probes.machine.gpus import NvidiaGpus
from tests.unit.worker.probes.machine.test_gpus import Driver


def device(folder: Path, number: int, state: str, vendor: str, kind: str = "0x030000") -> None:
    place = folder / str(number)
    (place / "power").mkdir(parents=True)
    (place / "vendor").write_text(vendor + "\n")
    (place / "class").write_text(kind + "\n")
    (place / "power" / "runtime_status").write_text(state + "\n")


@pytest.mark.parametrize(
    ("states", "asleep"),
    [
        (("suspended",), True),
        (("suspended", "suspended"), True),
        (("suspended", "active"), False),
        (("active",), False),
        (("unsupported",), False),
        ((), False),
    ],
)
def test_cards_are_asleep_when_all_are(
    tmp_path: Path, states: tuple[str, ...], *, asleep: bool
) -> None:
    device(tmp_path, 90, "active", "0x8086")
    device(tmp_path, 91, "active", "0x10de", kind="0x040300")  # a card's sound
    for number, state in enumerate(states):
        device(tmp_path, number, state, "0x10de")
    assert CardSleep(tmp_path).all_asleep() is asleep


def test_cards_that_sleep_are_not_asked_once_they_are_known() -> None:
    driver, is_asleep = Driver(), True
    driver.is_loaded = True
    gpus = NvidiaGpus(driver.module, all_asleep=lambda: is_asleep)
    gpus.read()
    assert driver.greetings == 1  # the first time they have to wake
    gpus._known = (Gpu(0, "Card", 16, 7, 9, "GPU-1", 60.0, 50.0, ("game",), 9.0),)
    driver.is_loaded = False
    assert gpus.read() == (Gpu(0, "Card", 16, 0, 0, "GPU-1"),)
    is_asleep = False
    assert gpus.read() == ()
