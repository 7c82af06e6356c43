"""Which groups of ended containers are removed, and which are let be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gridle.worker.sandbox.stale_groups import STALE_S, remove_stale_groups

ID = "0123456789abcdef" * 4
NOW = 1_000_000.0


def make(group: Path, age_s: float = STALE_S + 1) -> Path:
    group.mkdir(parents=True)
    os.utime(group, (NOW - age_s, NOW - age_s))
    return group


@pytest.mark.parametrize(
    "place",
    [
        f"freezer/gridle/libpod-{ID}",
        f"memory/gridle/{ID}",
        f"gridle.slice/docker-{ID}.scope",
        f"gridle/libpod-{ID}.scope",
    ],
)
def test_old_and_empty_ones_go(tmp_path: Path, place: str) -> None:
    group = make(tmp_path / place)
    assert remove_stale_groups(NOW, tmp_path) == 1
    assert not group.exists()


def test_inner_groups_go_with_theirs(tmp_path: Path) -> None:
    group = tmp_path / f"gridle/libpod-{ID}"
    make(group / "container")
    os.utime(group, (0.0, 0.0))
    assert remove_stale_groups(NOW, tmp_path) == 1


def test_what_is_in_use_young_or_somebody_elses_stays(tmp_path: Path) -> None:
    in_use = make(tmp_path / f"freezer/gridle/libpod-{ID}")
    (in_use / "held").write_text("by a process")
    os.utime(in_use, (0.0, 0.0))
    make(tmp_path / f"cpu/gridle/libpod-{ID}", age_s=STALE_S - 1)
    make(tmp_path / f"cpu/machine.slice/libpod-{ID}")
    make(tmp_path / "cpu/gridle/gridle-wasm-1")
    before = sorted(tmp_path.rglob("*"))
    assert remove_stale_groups(NOW, tmp_path) == 0
    assert sorted(tmp_path.rglob("*")) == before


def test_without_any_nothing_happens(tmp_path: Path) -> None:
    assert remove_stale_groups(NOW, tmp_path / "none") == 0
