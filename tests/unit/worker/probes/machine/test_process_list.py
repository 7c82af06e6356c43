"""Processes are looked at when they are new, and seldom thereafter."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gridle.worker.probes.machine.process_list import ProcFolder, PsutilProcesses
from gridle.worker.probes.machine.program_match import Wanted

NOBODY: frozenset[int] = frozenset()


class Proc:
    """A made-up /proc."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "self").mkdir()

    def runs(self, pid: int, name: str, path: str = "", *arguments: str) -> None:
        folder = self.folder / str(pid)
        folder.mkdir(exist_ok=True)
        (folder / "comm").write_text(name + "\n")
        (folder / "exe").unlink(missing_ok=True)
        if path:
            (folder / "exe").symlink_to(path)
        (folder / "cmdline").write_text("\0".join((*arguments, "")))

    def ends(self, pid: int) -> None:
        for file in (self.folder / str(pid)).iterdir():
            file.unlink()
        (self.folder / str(pid)).rmdir()


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path)


def processes(proc: Proc, *entries: str, own_pid: int = 1) -> ProcFolder:
    listed = ProcFolder(proc.folder, own_pid)
    listed.look_for(Wanted(entries))
    return listed


def test_a_program_is_seen_while_it_runs(proc: Proc) -> None:
    listed = processes(proc, "blender", "render.py")
    assert listed.running(NOBODY) is None
    proc.runs(50, "python3", "/usr/bin/python3.11", "python3", "render.py")
    assert listed.running(NOBODY) == "render.py"
    proc.runs(60, "blender", "/usr/bin/blender")
    assert listed.running(NOBODY) == "blender"
    proc.ends(60)
    proc.ends(50)
    assert listed.running(NOBODY) is None


def test_our_tasks_and_the_worker_itself_are_left_out(proc: Proc) -> None:
    proc.runs(50, "blender")
    proc.runs(70, "blender")
    listed = processes(proc, "blender", own_pid=70)
    assert listed.running(frozenset({50})) is None
    assert listed.running(NOBODY) == "blender"


def test_a_process_that_becomes_another_soon_is_seen_at_once(proc: Proc) -> None:
    listed = processes(proc, "blender")
    proc.runs(50, "bash")
    listed.running(NOBODY)
    proc.runs(50, "blender")
    assert listed.running(NOBODY) == "blender"


def test_one_that_becomes_another_late_is_seen_in_time(proc: Proc) -> None:
    listed = processes(proc, "blender")
    proc.runs(50, "bash")
    for _ in range(20):
        listed.running(NOBODY)
    proc.runs(50, "blender")
    assert "blender" in [listed.running(NOBODY) for _ in range(16)]


def test_one_that_the_kernel_tells_of_is_looked_at_alone(proc: Proc) -> None:
    listed = processes(proc, "blender")
    proc.runs(50, "blender")
    assert listed.running(NOBODY, only=frozenset({60})) is None
    assert listed.running(NOBODY, only=frozenset({50})) == "blender"


def test_known_processes_are_seldom_read_again(proc: Proc, monkeypatch: pytest.MonkeyPatch) -> None:
    for pid in range(100, 420):
        proc.runs(pid, "idle")
    listed = processes(proc, "blender")
    for _ in range(4):
        listed.running(NOBODY)
    read: list[str] = []
    real = os.readlink

    def noted(path: str) -> str:
        read.append(path)
        return real(path)

    monkeypatch.setattr(os, "readlink", noted)
    for _ in range(16):
        listed.running(NOBODY)
    assert len(read) == 320


def test_another_list_begins_anew(proc: Proc) -> None:
    proc.runs(50, "blender")
    listed = processes(proc, "game")
    assert listed.running(NOBODY) is None
    listed.look_for(Wanted(("blender",)))
    assert listed.running(NOBODY) == "blender"


def test_nothing_is_read_where_nothing_is_wanted(tmp_path: Path) -> None:
    assert ProcFolder(tmp_path / "none").running(NOBODY) is None
    assert processes(Proc(tmp_path), "blender").running(NOBODY) is None


def test_psutil_finds_a_program_of_this_machine() -> None:
    parent = Path(f"/proc/{os.getppid()}/comm").read_text().strip()
    listed = PsutilProcesses()
    assert listed.running(NOBODY) is None
    listed.look_for(Wanted((parent,)))
    assert listed.running(NOBODY) == parent
    listed.look_for(Wanted(("no-such-program",)))
    assert listed.running(NOBODY) is None
