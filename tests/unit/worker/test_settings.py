from __future__ import annotations

from pathlib import Path

import pytest

from gridle.market.protocol.errors import UnavailableError
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
