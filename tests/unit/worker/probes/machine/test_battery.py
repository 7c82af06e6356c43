"""A battery that is missing, unknown or broken stops nothing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from gridle.worker.probes.machine.battery import (
    NO_BATTERY,
    BatteryReading,
    read_battery,
    read_power_supplies,
)

MAINS_OFF = {"type": "Mains", "online": "0"}
MAINS_ON = {"type": "Mains", "online": "1"}
HALF_FULL = {
    "type": "Battery",
    "present": "1",
    "status": "Discharging",
    "energy_now": "25000000",
    "energy_full": "50000000",
}
MOUSE = {"type": "Battery", "scope": "Device", "status": "Discharging", "capacity": "5"}


def supplies(folder: Path, *each: dict[str, str]) -> Path:
    for number, files in enumerate(each):
        (folder / f"supply{number}").mkdir(parents=True)
        for name, text in files.items():
            (folder / f"supply{number}" / name).write_text(text + "\n")
    return folder


@pytest.mark.parametrize(
    ("each", "reading"),
    [
        ((HALF_FULL, MAINS_OFF), BatteryReading(on_battery=True, percent=50.0)),
        ((HALF_FULL, MAINS_ON), BatteryReading(on_battery=False, percent=50.0)),
        ((HALF_FULL,), BatteryReading(on_battery=True, percent=50.0)),
        ((HALF_FULL | {"status": "Unknown"},), BatteryReading(on_battery=False, percent=50.0)),
        (
            (HALF_FULL | {"status": "Unknown"}, MAINS_OFF),
            BatteryReading(on_battery=True, percent=50.0),
        ),
        (
            (HALF_FULL, {"type": "USB", "online": "1"}),
            BatteryReading(on_battery=False, percent=50.0),
        ),
        (
            (HALF_FULL, {"type": "USB", "online": "0"}),
            BatteryReading(on_battery=True, percent=50.0),
        ),
        ((MOUSE,), NO_BATTERY),
        ((MOUSE, MAINS_OFF), NO_BATTERY),
        ((HALF_FULL | {"present": "0"}, MAINS_OFF), NO_BATTERY),
        (({"type": "Battery", "status": "Full"},), BatteryReading(on_battery=False, percent=None)),
        ((), NO_BATTERY),
    ],
)
def test_the_plug_and_the_battery(
    tmp_path: Path, each: tuple[dict[str, str], ...], reading: BatteryReading
) -> None:
    assert read_power_supplies(supplies(tmp_path, *each)) == reading


def test_two_batteries_count_by_what_they_hold(tmp_path: Path) -> None:
    small_and_full = HALF_FULL | {"energy_now": "10000000", "energy_full": "10000000"}
    reading = read_power_supplies(supplies(tmp_path, HALF_FULL, small_and_full))
    assert reading.percent == pytest.approx(100 * 35 / 60)


def test_charge_and_capacity_do_where_energy_is_not_told(tmp_path: Path) -> None:
    by_charge = {"type": "Battery", "charge_now": "3", "charge_full": "4"}
    assert read_power_supplies(supplies(tmp_path / "a", by_charge)).percent == pytest.approx(75.0)
    by_capacity = {"type": "Battery", "capacity": "130"}
    assert read_power_supplies(supplies(tmp_path / "b", by_capacity)).percent == pytest.approx(100)


def test_a_machine_without_the_folder_has_no_battery(tmp_path: Path) -> None:
    assert read_power_supplies(tmp_path / "none") == NO_BATTERY


@pytest.mark.parametrize(("plugged", "on_battery"), [(True, False), (False, True), (None, False)])
def test_only_an_unplugged_battery_counts(
    *,
    plugged: bool | None,
    on_battery: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = SimpleNamespace(percent=40, power_plugged=plugged)
    monkeypatch.setattr(psutil, "sensors_battery", lambda: found, raising=False)
    assert read_battery() == BatteryReading(on_battery, 40.0)


def test_no_battery_is_no_battery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: None, raising=False)
    assert read_battery() == NO_BATTERY
    monkeypatch.delattr(psutil, "sensors_battery", raising=False)
    assert read_battery() == NO_BATTERY


def test_a_broken_driver_is_no_battery(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError

    monkeypatch.setattr(psutil, "sensors_battery", broken, raising=False)
    assert read_battery() == NO_BATTERY
