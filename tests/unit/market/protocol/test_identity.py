from __future__ import annotations

from pathlib import Path

import pytest

from gridle.market.protocol.errors import CorruptStateError
from gridle.market.protocol.identity import load_identity


def test_an_identity_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "node" / "node.key"
    first = load_identity(path)
    assert load_identity(path).public_key == first.public_key
    assert path.stat().st_mode & 0o077 == 0


def test_a_damaged_key_is_reported_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "node.key"
    path.write_text("not a key")
    with pytest.raises(CorruptStateError):
        load_identity(path)
    assert path.read_text() == "not a key"


def test_the_secret_does_not_show(tmp_path: Path) -> None:
    path = tmp_path / "node.key"
    identity = load_identity(path)
    assert path.read_text().strip() not in repr(identity)
