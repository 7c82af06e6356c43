"""Power by the kernel's own files, laid out here as Linux lays them out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.probes.power.build import find_power
from gridle.worker.probes.power.discharge import DischargePower, find_batteries
from gridle.worker.probes.power.port import NoPower
from gridle.worker.probes.power.rapl import RaplPower, counted, find_packages

RANGE_UJ = 262_143_328_850


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def zone(root: Path, name: str, label: str, energy_uj: int) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{label}\n")
    (folder / "max_energy_range_uj").write_text(f"{RANGE_UJ}\n")
    (folder / "energy_uj").write_text(f"{energy_uj}\n")
    return folder / "energy_uj"


def battery(root: Path, name: str = "BAT0", **files: object) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    for key, value in {"type": "Battery", "status": "Discharging", **files}.items():
        (folder / key).write_text(f"{value}\n")
    return folder


def test_the_mean_power_of_all_packages(tmp_path: Path) -> None:
    first = zone(tmp_path, "intel-rapl:0", "package-0", 1_000_000)
    second = zone(tmp_path, "intel-rapl:1", "package-1", 0)
    clock = Clock()
    power = RaplPower(find_packages(tmp_path), clock)
    assert power.read() is None
    clock.now += 2.0
    first.write_text("61000000\n")
    second.write_text("20000000\n")
    assert power.read() == pytest.approx(40.0)
    clock.now += 0.01
    assert power.read() == pytest.approx(40.0), "too soon to tell anew"


def test_parts_doubles_and_whole_platforms_are_not_counted_again(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 0)
    zone(tmp_path, "intel-rapl:0:0", "core", 0)
    zone(tmp_path, "intel-rapl:1", "psys", 0)
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 0)
    (tmp_path / "intel-rapl").mkdir()
    assert len(find_packages(tmp_path)) == 1


def test_a_counter_that_begins_again_is_followed(tmp_path: Path) -> None:
    file = zone(tmp_path, "intel-rapl:0", "package-0", RANGE_UJ - 4_999_999)
    clock = Clock()
    power = RaplPower(find_packages(tmp_path), clock)
    clock.now += 1.0
    file.write_text("5000000")
    assert power.read() == pytest.approx(10.0)


@given(st.integers(0, RANGE_UJ), st.integers(0, RANGE_UJ))
def test_what_was_counted_is_exact_through_one_return_to_zero(start: int, more: int) -> None:
    assert counted(start, (start + more) % (RANGE_UJ + 1), RANGE_UJ) == more


@pytest.mark.parametrize(
    ("passed_s", "text"), [(400.0, "900000"), (1.0, "5"), (1.0, "x"), (1.0, "")]
)
def test_a_gap_a_set_back_counter_and_nonsense_tell_nothing(
    tmp_path: Path, passed_s: float, text: str
) -> None:
    file = zone(tmp_path, "intel-rapl:0", "package-0", 800_000)
    clock = Clock()
    power = RaplPower(find_packages(tmp_path), clock)
    clock.now += passed_s
    file.write_text(text)
    assert power.read() is None
    clock.now += 1.0
    file.write_text("1000000")
    power.read()
    clock.now += 1.0
    file.write_text("31000000")
    assert power.read() == pytest.approx(30.0), "and it goes on after that"


def test_a_counter_that_goes_away_tells_nothing(tmp_path: Path) -> None:
    file = zone(tmp_path, "intel-rapl:0", "package-0", 0)
    clock = Clock()
    power = RaplPower(find_packages(tmp_path), clock)
    file.unlink()
    clock.now += 1.0
    assert power.read() is None
    assert find_packages(tmp_path) == ()


def test_a_battery_tells_its_power_while_it_discharges(tmp_path: Path) -> None:
    folder = battery(tmp_path, power_now=12_500_000)
    power = DischargePower(find_batteries(tmp_path))
    assert power.read() == pytest.approx(12.5)
    (folder / "status").write_text("Charging\n")
    assert power.read() is None


def test_a_battery_without_power_tells_current_and_voltage(tmp_path: Path) -> None:
    battery(tmp_path, current_now=-1_500_000, voltage_now=12_000_000)
    assert DischargePower(find_batteries(tmp_path)).read() == pytest.approx(18.0)


def test_two_batteries_add_up_and_a_mouses_does_not(tmp_path: Path) -> None:
    battery(tmp_path, "BAT0", power_now=5_000_000)
    battery(tmp_path, "BAT1", power_now=6_000_000)
    battery(tmp_path, "BAT2", status="Unknown", power_now=9_000_000)
    battery(tmp_path, "hidpp_battery_0", scope="Device", power_now=7_000_000)
    mains = tmp_path / "AC"
    mains.mkdir()
    (mains / "type").write_text("Mains\n")
    assert DischargePower(find_batteries(tmp_path)).read() == pytest.approx(11.0)


def test_a_battery_that_tells_nothing_measures_nothing(tmp_path: Path) -> None:
    battery(tmp_path, current_now="?")
    assert DischargePower(find_batteries(tmp_path)).read() is None


def test_the_best_that_a_machine_offers_is_taken(tmp_path: Path) -> None:
    cells, packages, nothing = tmp_path / "supply", tmp_path / "cap", tmp_path / "none"
    battery(cells)
    zone(packages, "intel-rapl:0", "package-0", 0)
    assert isinstance(find_power("linux", packages, cells), RaplPower)
    assert isinstance(find_power("linux", nothing, cells), DischargePower)
    assert isinstance(find_power("linux", nothing, nothing), NoPower)
    assert isinstance(find_power("win32", packages, cells), NoPower)
    assert NoPower().read() is None
