"""What tasks hold is counted as the disk holds it, and only so far."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gridle.worker.probes.machine.disk_space import DiskReading, read_disk

MIB = 2**20


def test_files_in_all_folders_are_counted(tmp_path: Path) -> None:
    before = read_disk(tmp_path).ours_bytes
    (tmp_path / "task" / "out").mkdir(parents=True)
    (tmp_path / "task" / "out" / "result").write_bytes(b"\1" * MIB)
    (tmp_path / "program").write_bytes(b"\1" * MIB)
    held = read_disk(tmp_path).ours_bytes - before
    assert 2 * MIB <= held < 3 * MIB


def test_a_hole_in_a_file_takes_no_room(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as sparse:
        sparse.truncate(100 * MIB)
    assert read_disk(tmp_path).ours_bytes < MIB


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "big").write_bytes(b"\1" * MIB)
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "file").symlink_to(tmp_path / "elsewhere" / "big")
    (ours / "folder").symlink_to(tmp_path / "elsewhere")
    (ours / "itself").symlink_to(ours)
    assert read_disk(ours).ours_bytes < MIB


def test_counting_ends_after_so_many_files(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / str(number)).write_bytes(b"\1" * MIB)
    assert 3 * MIB <= read_disk(tmp_path, most_entries=3).ours_bytes < 4 * MIB


def test_free_bytes_are_the_disk_s(tmp_path: Path) -> None:
    told = read_disk(tmp_path).free_bytes
    assert told == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.2)


def test_a_folder_that_is_not_there_tells_nothing(tmp_path: Path) -> None:
    assert read_disk(tmp_path / "none") == DiskReading(free_bytes=None, ours_bytes=0)
