from __future__ import annotations

from pathlib import Path

import pytest

from gridle.worker.sandbox.removal import remove_tree


def test_a_tree_is_removed_and_no_link_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "kept").mkdir(parents=True)
    top = tmp_path / "top"
    (top / "a" / "b" / "c").mkdir(parents=True)
    (top / "a" / "b" / "file").write_text("x")
    (top / "a" / "link").symlink_to(outside)
    (top / "dangling").symlink_to(tmp_path / "nowhere")
    remove_tree(top)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["kept", "outside"]


def test_closed_folders_are_opened(tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "a" / "b").mkdir(parents=True)
    (top / "a" / "b").chmod(0)
    (top / "a").chmod(0)
    remove_tree(top)
    assert not top.exists()


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        remove_tree(tmp_path / "none")
