"""Cards, read through the real pynvml from a library built for the test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gridle.worker.policy.readings import Gpu
from tests.rigs.nvml import CardReader

pytestmark = pytest.mark.timeout(400)  # the first run builds the library

GIB = 2**30
NOT_SUPPORTED, GPU_IS_LOST = 3, 15
Reader = Callable[..., CardReader]


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    readers: list[CardReader] = []

    def make(*facts: str, flags: tuple[str, ...] = ()) -> CardReader:
        readers.append(CardReader(tmp_path / "facts", facts, *flags))
        return readers[-1]

    yield make
    for each in readers:
        each.close()


@pytest.fixture
def stranger() -> Iterator[int]:
    """A process whose name the system tells: `sleep`."""
    process = subprocess.Popen(["sleep", "600"])
    yield process.pid
    process.kill()
    process.wait()


def test_a_card_with_all_it_tells(reader: Reader) -> None:
    facts = ("card 0 temperature 61", "card 0 power 123456", "card 0 utilisation 7")
    cards = reader("cards 1", *facts, f"card 0 used {GIB}").read()
    assert cards == (
        Gpu(
            index=0,
            name="Stub Card 0",
            memory_bytes=16 * GIB,
            memory_used_bytes=GIB,
            utilisation_percent=7,
            uuid="GPU-stub-0",
            temperature_c=61.0,
            power_w=123.456,
        ),
    )


def test_readings_follow_the_driver(reader: Reader, stranger: int) -> None:
    cards = reader("cards 1")
    assert [card.foreign_programs for card in cards.read()] == [()]
    cards.tell(
        "cards 1", "card 0 temperature 88", f"compute 0 {stranger}", f"sample 0 {stranger} 42"
    )
    (card,) = cards.read()
    assert card.temperature_c == pytest.approx(88.0)
    assert card.foreign_programs == ("sleep",)
    assert card.foreign_utilisation_percent == pytest.approx(42.0)
    cards.tell("cards 2")
    assert [card.index for card in cards.read()] == [0, 1]


def test_our_task_is_not_somebody_else(reader: Reader, stranger: int) -> None:
    ours = os.getpid()
    facts = (
        f"compute 0 {ours}",
        f"compute 0 {stranger}",
        f"sample 0 {ours} 90",
        f"sample 0 {stranger} 5",
    )
    cards = reader("cards 1", "card 0 utilisation 95", *facts)
    (card,) = cards.read(ours)
    assert (card.foreign_programs, card.foreign_utilisation_percent) == (("sleep",), 5.0)
    (card,) = cards.read(ours, stranger)
    assert (card.foreign_programs, card.foreign_utilisation_percent) == ((), 0.0)


def test_a_desktop_that_merely_stands_there_does_not_count(reader: Reader, stranger: int) -> None:
    cards = reader("cards 1", f"graphics 0 {stranger}", f"sample 0 {stranger} 2")
    (card,) = cards.read()
    assert (card.foreign_programs, card.foreign_utilisation_percent) == ((), 2.0)
    cards.tell("cards 1", f"graphics 0 {stranger}", f"sample 0 {stranger} 60")
    (card,) = cards.read()
    assert (card.foreign_programs, card.foreign_utilisation_percent) == (("sleep",), 60.0)


def test_many_programs_share_a_card(reader: Reader) -> None:
    facts = [f"compute 0 {pid}" for pid in range(5_000_001, 5_000_041)]
    (card,) = reader("cards 1", *facts).read()
    assert card.foreign_programs == tuple(str(pid) for pid in range(5_000_001, 5_000_017))


def test_a_driver_that_does_not_tell_programs_apart(reader: Reader, stranger: int) -> None:
    untold = f"fail nvmlDeviceGetProcessUtilization -1 {NOT_SUPPORTED}"
    cards = reader("cards 1", untold, "card 0 utilisation 70", f"compute 0 {stranger}")
    (card,) = cards.read()
    assert (card.foreign_programs, card.foreign_utilisation_percent) == (("sleep",), 70.0)
    (card,) = cards.read(stranger)
    assert (card.foreign_programs, card.foreign_utilisation_percent) == ((), 0.0)


def test_a_card_that_is_lost_hides_no_other(reader: Reader) -> None:
    lost = f"fail nvmlDeviceGetMemoryInfo 1 {GPU_IS_LOST}"
    assert [card.index for card in reader("cards 3", lost).read()] == [0, 2]


@pytest.mark.parametrize(
    "function",
    [
        "nvmlDeviceGetTemperature",
        "nvmlDeviceGetPowerUsage",
        "nvmlDeviceGetUtilizationRates",
        "nvmlDeviceGetUUID",
        "nvmlDeviceGetComputeRunningProcesses_v3",
        "nvmlDeviceGetGraphicsRunningProcesses_v3",
        "nvmlDeviceGetProcessUtilization",
    ],
)
def test_a_question_without_an_answer_leaves_its_own_field_unknown(
    reader: Reader, function: str
) -> None:
    cards = reader("cards 2", f"fail {function} 0 {NOT_SUPPORTED}", "card 0 power 1000")
    first, second = cards.read()
    assert first.name == "Stub Card 0"
    assert second.temperature_c == pytest.approx(40.0)
    assert (first.temperature_c is None) == function.endswith("Temperature")
    assert (first.power_w is None) == function.endswith("PowerUsage")
    assert (first.uuid == "") == function.endswith("UUID")


def test_an_old_driver_s_programs_are_seen_as_well(reader: Reader, stranger: int) -> None:
    cards = reader("cards 1", f"compute 0 {stranger}", flags=("-DOLD_DRIVER",))
    assert [card.foreign_programs for card in cards.read()] == [("sleep",)]


def test_a_library_without_its_driver_shows_no_card(reader: Reader) -> None:
    cards = reader()
    assert cards.adapter == "NvidiaGpus"
    assert cards.read() == ()
