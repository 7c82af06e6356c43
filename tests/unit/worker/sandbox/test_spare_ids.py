from __future__ import annotations

from pathlib import Path

import pytest

from gridle.worker.sandbox.spare_ids import find_spare_ids

FIRST = 1_879_048_192
WHOLE = "         0          0 4294967295\n"


def look(
    folder: Path, *, subuid: str = "", uid_map: str = WHOLE, namespaces: str = "1\n"
) -> int | None:
    (folder / "self").mkdir()
    (folder / "sys/user").mkdir(parents=True)
    (folder / "sys/user/max_user_namespaces").write_text(namespaces)
    (folder / "self/uid_map").write_text(uid_map)
    (folder / "self/gid_map").write_text(WHOLE)
    (folder / "subuid").write_text(subuid)
    return find_spare_ids(folder, folder)


def test_the_first_range_is_taken(tmp_path: Path) -> None:
    assert look(tmp_path, subuid="owner:100000:65536\nbroken\n::\nx:y:z\n") == FIRST


@pytest.mark.parametrize(
    "taken", [f"a:{FIRST}:1", f"a:{FIRST + 65535}:1", f"a:{FIRST - 5}:10", "a:0:1879048193"]
)
def test_ids_that_somebody_has_are_passed_over(tmp_path: Path, taken: str) -> None:
    assert look(tmp_path, subuid=taken) == FIRST + 65536


def test_where_all_are_taken_there_is_none(tmp_path: Path) -> None:
    assert look(tmp_path, subuid="a:0:4294967295") is None


@pytest.mark.parametrize("uid_map", ["0 100000 65536\n", "", "broken\n"])
def test_in_a_user_namespace_of_few_ids_there_is_none(tmp_path: Path, uid_map: str) -> None:
    assert look(tmp_path, uid_map=uid_map) is None


@pytest.mark.parametrize("namespaces", ["0\n", ""])
def test_a_kernel_without_user_namespaces(tmp_path: Path, namespaces: str) -> None:
    assert look(tmp_path, namespaces=namespaces) is None


def test_a_system_without_such_files(tmp_path: Path) -> None:
    assert find_spare_ids(tmp_path, tmp_path) is None
