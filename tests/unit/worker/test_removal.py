from __future__ import annotations

import os
from pathlib import Path

from gridle.worker.removal import remove_tree

DEEPER_THAN_THE_STACK = 1500


def nest(folder: Path, depth: int) -> None:
    """Make folders in folders, each beside a file; deeper than any path can name."""
    at = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d" * 40, dir_fd=at)
        os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=at))
        below = os.open("d" * 40, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)


def test_a_folder_deeper_than_the_stack_is_removed(tmp_path: Path) -> None:
    deep = tmp_path / "deep"
    deep.mkdir()
    nest(deep, DEEPER_THAN_THE_STACK)
    remove_tree(deep)  # the standard library's own recurses, and gives up
    assert list(tmp_path.iterdir()) == []


def test_more_than_is_listed_at_once_is_removed(tmp_path: Path) -> None:
    wide = tmp_path / "wide"
    wide.mkdir()
    for number in range(5000):
        (wide / f"{number}").mkdir()
    remove_tree(wide)
    assert list(tmp_path.iterdir()) == []


def test_no_link_is_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("mine")
    folder = tmp_path / "folder"
    (folder / "below").mkdir(parents=True)
    (folder / "out").symlink_to(kept)
    (folder / "below" / "out").symlink_to(kept)
    (folder / "nowhere").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    remove_tree(folder)
    link = tmp_path / "link"
    link.symlink_to(kept)
    remove_tree(link)
    assert list(tmp_path.iterdir()) == [kept]
    assert (kept / "file").read_text() == "mine"


def test_modes_that_deny_us_are_taken_back(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    closed = folder / "a" / "closed"
    closed.mkdir(parents=True)
    (closed / "file").write_text("x")
    closed.chmod(0)
    (folder / "a").chmod(0o500)
    folder.chmod(0o300)
    remove_tree(folder)
    assert list(tmp_path.iterdir()) == []


def test_a_file_and_nothing_are_fine(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    remove_tree(tmp_path / "file")
    remove_tree(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []
