from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gridle.worker.removal import remove_tree

_DEEP = 5000
_CAPABILITY_VERSION_3 = 0x20080522
_OVERRIDES = 0b110
"""Without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (capabilities(7)) root is an ordinary owner."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "task"
    folder.mkdir()
    return folder


def dig(folder: Path, depth: int, name: str = "d") -> None:
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=here)
        there = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = there
    os.close(os.open("bottom", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


def as_ordinary_owner(action: Callable[[], None]) -> None:
    """Run it in a thread of its own that lacks root's way past modes."""

    def work() -> None:
        if sys.platform == "linux" and os.geteuid() == 0:
            libc = ctypes.CDLL(None)
            header, held = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
            assert libc.capget(header, held) == 0
            held[0] &= ~_OVERRIDES
            assert libc.capset(header, held) == 0
        action()

    with ThreadPoolExecutor(1) as once:
        once.submit(work).result()


def test_files_links_and_folders_go_and_what_links_name_stays(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").touch()
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "file").touch()
    (folder / "a" / "file").touch()
    for place in (folder, folder / "a", folder / "a" / "b"):
        (place / "link").symlink_to(tmp_path / "outside")
        (place / "nowhere").symlink_to("nowhere")
        os.mkfifo(place / "pipe")
    remove_tree(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["outside"]
    assert (tmp_path / "outside" / "kept").exists()


def test_no_depth_is_too_deep(folder: Path) -> None:
    dig(folder, _DEEP)
    dig(folder, _DEEP, "n" * 255)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, before[1]), before[1]))
    try:
        remove_tree(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert not folder.exists()


def test_many_entries_go(folder: Path) -> None:
    for number in range(2500):
        (folder / f"file-{number}").touch()
        (folder / f"folder-{number}").mkdir()
    remove_tree(folder)
    assert not folder.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="capset(2) is Linux's")
@pytest.mark.parametrize("mode", [0, 0o200, 0o444, 0o555])
def test_closed_off_folders_go(folder: Path, mode: int) -> None:
    (folder / "a" / "b" / "c").mkdir(parents=True)
    (folder / "a" / "b" / "file").touch()
    for place in (folder / "a" / "b" / "c", folder / "a" / "b", folder / "a"):
        place.chmod(mode)
    as_ordinary_owner(lambda: remove_tree(folder))
    assert not folder.exists()


def test_a_link_in_the_folders_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").touch()
    (tmp_path / "task").symlink_to("outside")
    remove_tree(tmp_path / "task")
    assert not (tmp_path / "task").is_symlink()
    assert (tmp_path / "outside" / "kept").exists()
