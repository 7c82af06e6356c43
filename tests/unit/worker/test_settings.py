from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.worker.policy.limits import Limits, default_limits
from gridle.worker.settings import Settings, load, save

NOW = 1_700_000_000.0


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    limits = default_limits(2, 2**32)
    save(tmp_path / "limits.json", limits)
    assert load(tmp_path / "limits.json", Limits, NOW).value == limits


def test_nothing_saved_is_no_fault(tmp_path: Path) -> None:
    loaded = load(tmp_path / "settings.json", Settings, NOW)
    assert (loaded.value, loaded.warning) == (None, None)


@pytest.mark.parametrize("text", ["", "{", '{"market_url": 5}', '{"colour": "red"}', "\0\0\0"])
def test_a_damaged_file_is_set_aside_and_reported(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    loaded = load(path, Settings, NOW)
    assert loaded.value is None
    assert loaded.warning is not None
    (aside,) = tmp_path.glob("settings.json.corrupt-*")
    assert aside.read_text() == text
    assert not path.exists()


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(UnavailableError):
        save(blocked / "settings.json", Settings())


def test_a_file_of_the_version_before_is_read_and_its_new_fields_have_their_defaults(
    tmp_path: Path,
) -> None:
    path = tmp_path / "limits.json"
    budget = {"cpu_percent": 33, "cores": 2, "memory_mib": 512}
    old = {
        "while_away": budget,
        "while_in_use": budget,
        "pause_when_used": False,
        "idle_after_s": 60,
        "run_on_battery": True,
    }
    path.write_text(json.dumps(old))
    loaded = load(path, Limits, NOW)
    assert loaded.warning is None
    assert loaded.value is not None
    assert (loaded.value.while_away.cpu_percent, loaded.value.run_on_battery) == (33, True)
    assert (loaded.value.while_away.cpu_max_c, loaded.value.films_count_as_use) == (85, True)


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"},
        {"idle_after_s": 0},
        {"hours": ["#" * 24] * 6},
        {"hours": ["#" * 25] * 7},
        {"exclusive_programs": ["x"] * 201},
        {"electricity": {"currency": "yuan"}},
        {"while_away": {"cpu_percent": 101, "cores": 1, "memory_mib": 64}},
    ],
)
def test_limits_that_do_not_fit_are_set_aside_and_never_overwritten(
    tmp_path: Path, change: dict[str, object]
) -> None:
    path = tmp_path / "limits.json"
    text = json.dumps({**msgspec.to_builtins(default_limits(2, 2**32)), **change})
    path.write_text(text)
    loaded = load(path, Limits, NOW)
    assert loaded.value is None
    assert loaded.warning is not None
    (aside,) = tmp_path.glob("limits.json.corrupt-*")
    assert aside.read_text() == text
    save(path, default_limits(2, 2**32))
    assert aside.read_text() == text


def test_two_hundred_long_names_of_programs_can_be_saved_and_read(tmp_path: Path) -> None:
    names = tuple(f"/opt/{'x' * 240}/{number:03d}" for number in range(200))
    limits = msgspec.structs.replace(default_limits(2, 2**32), exclusive_programs=names)
    save(tmp_path / "limits.json", limits)
    assert load(tmp_path / "limits.json", Limits, NOW).value == limits


def test_what_would_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "limits.json"
    limits = default_limits(2, 2**32)
    save(path, limits)
    with pytest.raises(InvalidInputError, match=r"limits\.json"):
        save(path, msgspec.structs.replace(limits, exclusive_programs=("程" * 255,) * 200))
    assert load(path, Limits, NOW).value == limits
