"""A task's processes are known as ours by their control group or their parents."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gridle.worker.sandbox.own_tasks import OwnTasks

CONTAINER_ID = "ab" * 32


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    return tmp_path / "proc"


@pytest.fixture
def is_ours(tmp_path: Path, proc: Path) -> OwnTasks:
    folder = tmp_path / "tasks" / "lease-1"
    folder.mkdir(parents=True)
    (folder / "container.id").write_text(CONTAINER_ID + "\n")
    return OwnTasks(tmp_path / "tasks", proc)


def _process(proc: Path, pid: int, *, parent: int = 1, group: str = "/user.slice") -> None:
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    (folder / "cgroup").write_text(f"0::{group}\n")
    (folder / "stat").write_text(f"{pid} (a ) name) S {parent} 1 1 0")


@pytest.mark.parametrize(
    "group",
    [
        f"/machine.slice/libpod-{CONTAINER_ID}.scope/container",
        f"/docker/{CONTAINER_ID}",
        f"/system.slice/docker-{CONTAINER_ID}.scope",
    ],
)
def test_a_program_in_one_of_our_containers_is_ours(
    is_ours: OwnTasks, proc: Path, group: str
) -> None:
    _process(proc, 900_001, group=group)
    assert is_ours(900_001)


def test_another_container_is_not_ours(is_ours: OwnTasks, proc: Path) -> None:
    _process(proc, 900_001, group=f"/machine.slice/libpod-{'cd' * 32}.scope")
    assert not is_ours(900_001)


def test_what_the_worker_started_is_ours_with_its_children(is_ours: OwnTasks, proc: Path) -> None:
    _process(proc, 900_001, parent=900_002)
    _process(proc, 900_002, parent=os.getpid())
    assert is_ours(900_001)


def test_the_owners_program_is_not_ours(is_ours: OwnTasks, proc: Path) -> None:
    _process(proc, 900_001, parent=900_002)
    _process(proc, 900_002, parent=1)
    assert not is_ours(900_001)
    assert not is_ours(900_003)  # it has ended meanwhile


def test_an_unfinished_id_matches_nothing(tmp_path: Path, proc: Path, is_ours: OwnTasks) -> None:
    (tmp_path / "tasks" / "lease-1" / "container.id").write_text("")
    _process(proc, 900_001, group="/user.slice")
    assert not is_ours(900_001)
