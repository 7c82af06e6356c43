"""Heat is the processor's own, and only where a sensor says something sane."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridle.worker.probes.machine.heat import Heat


class Clock:
    """A clock that a test moves."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def chip(hwmon: Path, name: str, **files: int | str) -> None:
    folder = hwmon / f"hwmon-{name}"
    folder.mkdir(parents=True)
    for file_name, text in {"name": name, **files}.items():
        (folder / file_name).write_text(f"{text}\n")


def heat(folder: Path, clock: Clock) -> Heat:
    return Heat(clock, folder / "hwmon", folder / "thermal")


@pytest.mark.parametrize(
    ("name", "files", "celsius"),
    [
        ("k10temp", {"temp1_input": 61_500, "temp3_input": 70_000}, 70.0),
        ("zenpower", {"temp1_input": 61_500}, 61.5),
        ("cpu_thermal", {"temp1_input": 48_000}, 48.0),
        ("nvme", {"temp1_input": 90_000}, None),
        ("acpitz", {"temp1_input": 27_800}, None),
        ("coretemp", {"temp1_input": 0}, None),
        ("coretemp", {"temp1_input": -5_000, "temp2_input": 130_000}, None),
        ("coretemp", {"temp1_input": 255_000, "temp2_input": 50_000}, 50.0),
        ("coretemp", {"temp1_input": "nonsense"}, None),
    ],
)
def test_the_hottest_sane_sensor_of_the_processor(
    tmp_path: Path, clock: Clock, name: str, files: dict[str, int | str], celsius: float | None
) -> None:
    chip(tmp_path / "hwmon", name, **files)
    assert heat(tmp_path, clock).cpu_temperature_c() == celsius


def test_the_whole_processor_s_sensor_is_asked_rather_than_each_core_s(
    tmp_path: Path, clock: Clock
) -> None:
    package: dict[str, int | str] = {"temp1_input": 70_000, "temp1_label": "Package id 0"}
    chip(tmp_path / "hwmon", "coretemp", temp2_input=71_000, temp2_label="Core 0", **package)
    chip(tmp_path / "hwmon", "k10temp", temp1_input=90_000, temp1_label="Tctl", temp2_input=63_000,
         temp2_label="Tdie")  # fmt: skip
    assert heat(tmp_path, clock).cpu_temperature_c() == pytest.approx(70.0)


def test_a_thermal_zone_does_where_no_chip_is_the_processor_s(tmp_path: Path, clock: Clock) -> None:
    for number, (kind, celsius) in enumerate([("x86_pkg_temp", 55_000), ("acpitz", 99_000)]):
        zone = tmp_path / "thermal" / f"thermal_zone{number}"
        zone.mkdir(parents=True)
        (zone / "type").write_text(kind)
        (zone / "temp").write_text(str(celsius))
    assert heat(tmp_path, clock).cpu_temperature_c() == pytest.approx(55.0)


def test_the_fastest_fan(tmp_path: Path, clock: Clock) -> None:
    chip(tmp_path / "hwmon", "coretemp", temp1_input=50_000)
    chip(tmp_path / "hwmon", "dell_smm", fan1_input=2100, fan2_input=65_535, fan3_input=-1)
    chip(tmp_path / "hwmon", "nct6775", fan1_input=900, fan2_input=0)
    assert heat(tmp_path, clock).fan_rpm() == pytest.approx(2100.0)


def test_fans_that_stand_still_are_not_missing_ones(tmp_path: Path, clock: Clock) -> None:
    assert heat(tmp_path, clock).fan_rpm() is None
    chip(tmp_path / "hwmon", "thinkpad", fan1_input=0)
    assert heat(tmp_path, clock).fan_rpm() == pytest.approx(0.0)


def test_a_driver_that_is_loaded_late_is_found_within_a_minute(
    tmp_path: Path, clock: Clock
) -> None:
    late = heat(tmp_path, clock)
    assert late.cpu_temperature_c() is None
    chip(tmp_path / "hwmon", "coretemp", temp1_input=50_000)
    assert late.cpu_temperature_c() is None
    clock.now_s = 60.0
    assert late.cpu_temperature_c() == pytest.approx(50.0)
