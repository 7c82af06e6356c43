from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.manifest import CheckpointRule
from gridle.worker.sandbox.checkpoint_state import (
    SavedState,
    adopt_state,
    is_undamaged,
    place_state,
    take_state,
)

RULE = CheckpointRule(format_version=1, max_bytes=5 * 2**20)
CONTENT = bytes(range(256)) * 2**13


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "task" / "checkpoint").mkdir(parents=True)
    return tmp_path / "task" / "checkpoint"


@pytest.fixture
def to(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    return tmp_path / "store" / "lease-1.state"


def taken(place: Path, to: Path) -> SavedState:
    saved = take_state(place.parent, RULE, to)
    assert saved is not None
    return saved


def test_a_state_is_copied_by_digest_for_this_worker_alone(place: Path, to: Path) -> None:
    (place / "state").write_bytes(CONTENT)
    saved = taken(place, to)
    assert saved == SavedState(to, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    assert to.read_bytes() == CONTENT
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert list(to.parent.iterdir()) == [to]


def hard_link(place: Path) -> None:
    (place / "state.new").write_bytes(b"x")
    (place / "state").hardlink_to(place / "state.new")


@pytest.mark.parametrize(
    "make",
    [
        lambda _: None,
        lambda place: (place / "state").write_bytes(b""),
        lambda place: (place / "state").write_bytes(bytes(RULE.max_bytes + 1)),
        lambda place: (place / "state").symlink_to("/etc/passwd"),
        lambda place: os.mkfifo(place / "state"),
        lambda place: (place / "state").mkdir(),
        lambda place: place.rmdir(),
        hard_link,
    ],
)
def test_what_is_no_plain_state_of_allowed_size_is_not_taken(
    place: Path, to: Path, make: Callable[[Path], object]
) -> None:
    make(place)
    assert take_state(place.parent, RULE, to) is None
    assert list(to.parent.iterdir()) == []


class Meddling:
    """Lets a task do something between the first and the second block that are read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, meddle: Callable[[], object]) -> None:
        self._read, self._meddle, self.reads = os.read, meddle, 0
        monkeypatch.setattr(os, "read", self.read)

    def read(self, descriptor: int, count: int) -> bytes:
        self.reads += 1
        if self.reads == 2:
            self._meddle()
        return self._read(descriptor, count)


def test_a_state_that_is_replaced_meanwhile_is_whole(
    place: Path, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "state").write_bytes(CONTENT)

    def replace() -> None:
        (place / "state.new").write_bytes(b"newer")
        (place / "state.new").replace(place / "state")

    Meddling(monkeypatch, replace)
    taken(place, to)
    assert to.read_bytes() == CONTENT


@pytest.mark.parametrize(
    "meddle",
    [
        lambda state: os.truncate(state, 2**20 + 1),
        lambda state: os.truncate(state, 2**30),
        lambda state: os.utime(state, (1, 1)),  # as if written again, to the same size
    ],
)
def test_a_state_that_changes_meanwhile_is_refused(
    place: Path,
    to: Path,
    monkeypatch: pytest.MonkeyPatch,
    meddle: Callable[[Path], object],
) -> None:
    (place / "state").write_bytes(CONTENT)
    to.write_bytes(b"older")
    meddling = Meddling(monkeypatch, lambda: meddle(place / "state"))
    assert take_state(place.parent, RULE, to) is None
    assert meddling.reads < 10  # however long it has become
    assert {path.name: path.read_bytes() for path in to.parent.iterdir()} == {to.name: b"older"}


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_older_state(
    place: Path, to: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    (place / "state").write_bytes(CONTENT)
    to.write_bytes(b"older")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(UnavailableError, match="No space left"):
        take_state(place.parent, RULE, to)
    assert to.read_bytes() == b"older"


def test_a_state_is_put_back_where_nothing_else_is(place: Path, to: Path) -> None:
    (place / "state").write_bytes(CONTENT)
    saved = taken(place, to)
    (place / "state").unlink()
    (place / "state").symlink_to("../../other")
    (place / "folder").mkdir()
    assert place_state(saved, place.parent)
    assert [path.name for path in place.iterdir()] == ["state"]
    assert (place / "state").read_bytes() == CONTENT
    assert stat.S_IMODE((place / "state").stat().st_mode) == 0o644
    assert not (place.parent.parent / "other").exists()
    assert is_undamaged(saved)


@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        lambda path: os.truncate(path, 100),
        lambda path: path.write_bytes(b"y" + CONTENT[1:]),
        lambda path: path.write_bytes(CONTENT + b"y"),
    ],
)
def test_a_damaged_state_is_never_put_back(
    place: Path, to: Path, damage: Callable[[Path], object]
) -> None:
    (place / "state").write_bytes(CONTENT)
    saved = taken(place, to)
    damage(to)
    assert not is_undamaged(saved)
    assert not place_state(saved, place.parent)
    assert list(place.iterdir()) == []


def test_another_machines_state_is_adopted_within_the_limit(place: Path, to: Path) -> None:
    blob = place / "blob"
    blob.write_bytes(CONTENT)
    saved = adopt_state(blob, RULE, to)
    assert saved == SavedState(to, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    os.truncate(blob, RULE.max_bytes + 1)
    assert adopt_state(blob, RULE, to) is None
    assert adopt_state(place / "nothing", RULE, to) is None
