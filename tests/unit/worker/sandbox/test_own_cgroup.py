"""Version 2 with a group of one's own, on a small model of the kernel's files and rules."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest

from gridle.worker.sandbox.own_cgroup import WORKER_LEAF, Kernel, OwnCgroup, remove_leftovers

GROUP = "user.slice/gridle.service"
ME = os.getpid()
CHILD, STRANGER = 4_000_001, 4_000_002


class Tree:
    """Groups whose files do as the kernel's do, as far as delegation goes."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = folder / "cgroup"
        self.kernel = Kernel(self.root, folder / "proc")
        self.refused: set[str] = set()
        self._write_text = Path.write_text
        self._mkdir = Path.mkdir
        self.mine = self.root / GROUP
        self._mkdir(self.mine, parents=True)
        self._fill(self.mine, {"cpu", "io"})
        own = folder / "proc" / str(ME)
        self._mkdir(own / "task" / str(ME), parents=True)
        self._write_text(own / "task" / str(ME) / "children", f"{CHILD} ")
        for pid in (ME, CHILD):
            self._place(pid, self.mine)
        for name, act in (("write_text", self.write), ("mkdir", self.mkdir), ("rmdir", self.rmdir)):
            monkeypatch.setattr(Path, name, partialmethod(_act_on, act))

    def join(self, pid: int) -> None:
        self._place(pid, self.mine)

    def names(self, group: Path) -> set[str]:
        return {path.name for path in group.iterdir() if path.is_dir()}

    def pids(self, group: Path) -> set[int]:
        return {int(line) for line in (group / "cgroup.procs").read_text().split()}

    def write(self, path: Path, text: str) -> int:
        if self.root not in path.parents:
            return self._write_text(path, text)
        group = path.parent
        if path.name in self.refused or not path.exists():
            raise PermissionError(errno.EACCES, "refused", str(path))
        if path.name == "cgroup.procs":
            self._place(int(text), group)
        elif path.name == "cgroup.subtree_control":
            if self.pids(group):
                raise OSError(errno.EBUSY, "internal processes", str(path))
            have = set(path.read_text().split()) | {text.removeprefix("+")}
            self._write_text(path, " ".join(sorted(have)))
            for child in filter(Path.is_dir, group.iterdir()):
                self._fill(child, have)
        else:
            self._write_text(path, text)
        return len(text)

    def mkdir(self, path: Path, *, exist_ok: bool) -> None:
        if path.exists():
            assert exist_ok
            return
        self._mkdir(path)
        self._fill(path, set((path.parent / "cgroup.subtree_control").read_text().split()))

    def rmdir(self, path: Path) -> None:
        if self.pids(path):
            raise OSError(errno.EBUSY, "busy", str(path))
        for file in path.iterdir():
            file.unlink()
        os.rmdir(path)  # noqa: PTH106 - pathlib's is this one

    def _fill(self, group: Path, controllers: set[str]) -> None:
        files = {"cgroup.procs": "", "cgroup.subtree_control": "", "cpu.stat": "usage_usec 0\n"}
        if "cpu" in controllers:
            files |= {"cpu.max": "max 100000", "cpu.idle": "0", "cpu.weight": "100"}
        if "io" in controllers:
            files |= {"io.weight": "default 100"}
        for name, text in files.items():
            if not (group / name).exists():
                self._write_text(group / name, text)

    def _place(self, pid: int, group: Path) -> None:
        for file in self.root.rglob("cgroup.procs"):
            pids = self.pids(file.parent) - {pid}
            if file.parent == group:
                pids.add(pid)
            self._write_text(file, "".join(f"{each}\n" for each in pids))
        if pid == ME:
            self._write_text(
                self.kernel.proc / str(ME) / "cgroup", f"0::/{group.relative_to(self.root)}\n"
            )


def _act_on(path: Path, act: Callable[..., Any], *words: object, **named: object) -> object:
    return act(path, *words, **named)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    return Tree(tmp_path, monkeypatch)


def test_the_worker_moves_to_a_leaf_and_makes_groups_beside_it(tree: Tree) -> None:
    made = OwnCgroup.make("task-1", tree.kernel)
    assert made is not None
    assert tree.pids(tree.mine / WORKER_LEAF) == {ME, CHILD}
    task = tree.mine / "gridle" / "task-1"
    assert (task / "cpu.max").read_text() == "20000 20000"
    assert (task.parent / "cpu.idle").read_text() == "1"
    assert ((task / "cpu.idle").read_text(), (task / "io.weight").read_text()) == ("1", "1")
    made.add(CHILD)
    assert tree.pids(task) == {CHILD}


def test_a_second_group_needs_no_move(tree: Tree) -> None:
    assert OwnCgroup.make("task-1", tree.kernel) is not None
    tree.refused = {"cgroup.procs", "cgroup.subtree_control"}
    made = OwnCgroup.make("task-2", tree.kernel)
    assert made is not None
    assert tree.names(tree.mine) == {WORKER_LEAF, "gridle"}
    assert tree.names(tree.mine / "gridle") == {"task-1", "task-2"}
    made.remove()
    assert tree.names(tree.mine / "gridle") == {"task-1"}


def test_a_group_that_others_share_is_left_as_it_is(tree: Tree) -> None:
    tree.join(STRANGER)
    assert OwnCgroup.make("task-1", tree.kernel) is None
    assert tree.pids(tree.mine) == {ME, CHILD, STRANGER}
    assert not tree.names(tree.mine)


@pytest.mark.parametrize(
    "refused", ["cgroup.procs", "cgroup.subtree_control", "cpu.max", "cpu.idle"]
)
def test_whatever_is_refused_leaves_the_duty_cycle(tree: Tree, refused: str) -> None:
    tree.refused = {refused}
    assert OwnCgroup.make("task-1", tree.kernel) is None
    assert not (tree.mine / "gridle" / "task-1").exists()


def test_disks_without_weights_are_no_reason_against_a_quota(tree: Tree) -> None:
    tree.refused = {"io.weight"}
    assert OwnCgroup.make("task-1", tree.kernel) is not None


def test_a_worker_without_a_quota_of_its_own_makes_none(tree: Tree) -> None:
    (tree.mine / "cpu.max").unlink()
    assert OwnCgroup.make("task-1", tree.kernel) is None


def test_leftovers_are_found_from_the_leaf_and_busy_ones_stay(tree: Tree) -> None:
    assert OwnCgroup.make("gridle-wasm-a", tree.kernel) is not None
    busy = OwnCgroup.make("gridle-wasm-b", tree.kernel)
    assert busy is not None
    busy.add(CHILD)
    remove_leftovers("gridle-wasm-", tree.kernel)
    assert tree.names(tree.mine / "gridle") == {"gridle-wasm-b"}
    assert tree.names(tree.mine) == {WORKER_LEAF, "gridle"}
