"""The owner's zone is the machine's, with its summer time."""

from __future__ import annotations

import importlib.resources
import os
import zoneinfo
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gridle.worker.local_zone import LocalZone

SUMMER, WINTER = 1_782_900_000, 1_800_000_000


def _zone_file(name: str) -> Path:
    for folder in zoneinfo.TZPATH:
        if (found := Path(folder) / name).is_file():
            return found
    return Path(str(importlib.resources.files("tzdata") / "zoneinfo" / name))


def _offset(zone: LocalZone, now: float) -> timedelta | None:
    return datetime.fromtimestamp(now, zone()).utcoffset()


def test_the_machines_zone_has_its_summer_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TZ", raising=False)
    localtime = tmp_path / "localtime"
    localtime.symlink_to(_zone_file("Europe/Berlin"))
    zone = LocalZone(localtime)
    assert (_offset(zone, SUMMER), _offset(zone, WINTER)) == (
        timedelta(hours=2),
        timedelta(hours=1),
    )


def test_a_traveller_gets_the_new_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    localtime = tmp_path / "localtime"
    localtime.write_bytes(_zone_file("Europe/Berlin").read_bytes())
    zone = LocalZone(localtime)
    assert _offset(zone, WINTER) == timedelta(hours=1)
    localtime.write_bytes(_zone_file("Asia/Shanghai").read_bytes())
    os.utime(localtime, (1, 1))
    assert _offset(zone, WINTER) == timedelta(hours=8)


def test_the_environments_zone_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Asia/Kolkata")
    assert _offset(LocalZone(), WINTER) == timedelta(hours=5, minutes=30)


@pytest.mark.parametrize("name", ["", "No/Such_Zone", "../../etc/passwd"])
def test_a_zone_that_is_not_known_falls_back_to_the_offset_of_now(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", name)
    zone = LocalZone(tmp_path / "missing")()
    assert datetime.now(zone).utcoffset() == datetime.now().astimezone().utcoffset()
