from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gridle.market.client import stored
from gridle.market.protocol.errors import CorruptStateError, UnavailableError
from gridle.market.protocol.sentence import Sentence


def test_a_record_comes_back_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "record.json"
    assert stored.load(path, Sentence) is None
    stored.save(path, Sentence("a", "b"))
    assert stored.load(path, Sentence) == Sentence("a", "b")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["record.json"]


def test_a_draft_left_by_a_crash_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    (tmp_path / "record.json.new").write_text("half")
    stored.save(path, Sentence("a", "b"))
    assert stored.load(path, Sentence) == Sentence("a", "b")


@pytest.mark.parametrize("content", [b"", b"{", b'{"en": 1}', b"\xff", b'{"x": ' + b"[" * 5000])
def test_a_damaged_record_is_set_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(content)
    with pytest.raises(CorruptStateError, match="set aside"):
        stored.load(path, Sentence)
    (kept,) = tmp_path.iterdir()
    assert kept.name.startswith("record.json.corrupt-")
    assert kept.read_bytes() == content
    assert stored.load(path, Sentence) is None


def test_the_time_is_in_the_name(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("")
    kept = stored.set_aside(path, datetime(2026, 1, 2, 3, 4, 5, 6, UTC))
    assert kept.name == "x.corrupt-20260102T030405.000006"


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="cannot be written"):
        stored.write_whole(tmp_path / "file" / "x", b"")
