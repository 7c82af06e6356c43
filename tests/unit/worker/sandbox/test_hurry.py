from __future__ import annotations

from pathlib import Path

import pytest

from gridle.worker.sandbox.hurry import hurried

V1 = {"cpu.idle": "1", "cpu.cfs_quota_us": "10000", "cpu.cfs_period_us": "20000"}
V2 = {"cpu.idle": "0", "cpu.max": "10000 20000", "cpu.weight": "1"}


def files(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir() if file.is_file()}


@pytest.mark.parametrize("holds", [V1, V2], ids=["v1", "v2"])
def test_holds_are_lifted_meanwhile_and_put_back(tmp_path: Path, holds: dict[str, str]) -> None:
    for name, text in holds.items():
        (tmp_path / name).write_text(text + "\n")
    meanwhile = dict[str, str]()

    def never_stops() -> None:
        with hurried(tmp_path):
            meanwhile.update(files(tmp_path))
            raise TimeoutError

    with pytest.raises(TimeoutError):
        never_stops()
    assert meanwhile["cpu.idle"] == "0"
    assert meanwhile.get("cpu.max", "max") == "max"
    assert meanwhile.get("cpu.cfs_quota_us", "-1") == "-1"
    assert {name: text.strip() for name, text in files(tmp_path).items()} == holds


def test_no_group_or_one_that_goes(tmp_path: Path) -> None:
    with hurried(None):
        pass
    (tmp_path / "group").mkdir()
    file = tmp_path / "group" / "cpu.idle"
    file.write_text("1")
    with hurried(tmp_path / "group"):
        file.unlink()
        file.parent.rmdir()
    assert not file.exists()


def test_the_common_group_is_lifted_until_the_last_of_its_tasks_stopped(tmp_path: Path) -> None:
    common = tmp_path / "gridle"
    for name in ("gridle", "gridle/a", "gridle/b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cpu.idle").write_text("1")
    for _ in range(2):
        with hurried(common / "a"):
            with hurried(common / "b"):
                assert files(common / "b")["cpu.idle"] == "0"
            assert (common / "cpu.idle").read_text() == "0"
            assert (common / "b" / "cpu.idle").read_text() == "1"
        assert (common / "cpu.idle").read_text() == "1"


def test_a_common_group_that_is_gone_is_no_trouble(tmp_path: Path) -> None:
    with hurried(tmp_path / "gridle" / "a"):
        pass
