from __future__ import annotations

from pathlib import Path

import pytest

from gridle.worker.sandbox.cgroup import LEAST_SHARES, Cgroup
from gridle.worker.sandbox.common_group import common_group


@pytest.mark.parametrize(
    ("group", "common"),
    [
        ("/fs/cpu/gridle/libpod-1", "/fs/cpu/gridle"),
        ("/fs/u@1.service/gridle.slice/libpod-1.scope/container", "/fs/u@1.service/gridle.slice"),
        ("/fs/gridle-worker/x", None),
        ("/fs/gridle", None),
    ],
)
def test_it_is_found_above_by_its_name(group: str, common: str | None) -> None:
    assert common_group(Path(group)) == (Path(common) if common else None)


@pytest.mark.parametrize(("file", "least"), [("cpu.idle", "1"), ("cpu.shares", str(LEAST_SHARES))])
def test_it_goes_last_as_a_whole(tmp_path: Path, file: str, least: str) -> None:
    task = tmp_path / "gridle" / "t"
    task.mkdir(parents=True)
    for folder in (task, task.parent):
        (folder / file).write_text("")
    Cgroup(task, None, None, None, unified=False).yield_to_others()
    assert ((task / file).read_text(), (task.parent / file).read_text()) == (least, least)


def test_one_that_may_not_be_written_leaves_each_task_to_itself(tmp_path: Path) -> None:
    task = tmp_path / "gridle" / "t"
    task.mkdir(parents=True)
    (task / "cpu.idle").write_text("")
    (task.parent / "cpu.idle").mkdir()
    Cgroup(task, None, None, None, unified=False).yield_to_others()
    assert (task / "cpu.idle").read_text() == "1"
