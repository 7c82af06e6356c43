from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from gridle.worker.sandbox.nameless_files import NamelessFiles

MIB = 2**20
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks below /proc")


class Disk:
    """Says how much is free."""

    def __init__(self) -> None:
        self.free_bytes = 1000 * MIB
        self.looks = 0

    def free(self, folder: Path) -> int:
        del folder
        return self.free_bytes

    def process_ids(self) -> list[int]:
        self.looks += 1
        return [os.getpid(), 2**22 + 1]  # one of them is gone


def test_a_file_without_a_name_counts_once_the_disk_has_less(tmp_path: Path) -> None:
    disk = Disk()
    files = NamelessFiles(tmp_path, disk.process_ids, disk.free)
    with (tmp_path / "x").open("wb") as file:
        file.write(bytes(2 * MIB))
        file.flush()
        (tmp_path / "x").unlink()
        assert files.bytes_held() == 0
        assert disk.looks == 0
        disk.free_bytes -= 9 * MIB
        assert files.bytes_held() >= 2 * MIB
        assert files.bytes_held() >= 2 * MIB
        assert disk.looks == 1
    disk.free_bytes -= 9 * MIB
    assert files.bytes_held() < 2 * MIB


def test_a_file_with_a_name_does_not_count(tmp_path: Path) -> None:
    disk = Disk()
    files = NamelessFiles(tmp_path, disk.process_ids, disk.free)
    with (tmp_path / "x").open("wb") as file:
        file.write(bytes(2 * MIB))
        file.flush()
        disk.free_bytes -= 9 * MIB
        assert files.bytes_held() < 2 * MIB


def test_room_that_came_back_is_not_missed_later(tmp_path: Path) -> None:
    disk = Disk()
    files = NamelessFiles(tmp_path, disk.process_ids, disk.free)
    disk.free_bytes += 100 * MIB
    files.bytes_held()
    disk.free_bytes -= 9 * MIB
    files.bytes_held()
    assert disk.looks == 1
