"""A battery that is missing, unknown or broken stops nothing."""

from __future__ import annotations

from types import SimpleNamespace

import psutil
import pytest

from gridle.worker.probes.machine.battery import NO_BATTERY, BatteryReading, read_battery


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
