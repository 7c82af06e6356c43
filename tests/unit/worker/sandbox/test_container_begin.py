from __future__ import annotations

import os
from pathlib import Path

import pytest

from gridle.worker.sandbox.container_begin import has_begun


def process(proc: Path, program: str, name: str) -> Path:
    folder = proc / "7"
    folder.mkdir()
    (folder / "exe").symlink_to(program)
    (folder / "comm").write_text(name + "\n")
    return proc


@pytest.mark.parametrize(
    ("program", "name", "begun"),
    [
        ("/usr/bin/python3.11", "python3", True),
        ("/task", "task", True),
        ("/", "runc:[2:INIT]", False),
        ("/usr/bin/crun", "crun", False),
        ("/memfd:crun-clone-fd (deleted)", "3", False),
        ("/usr/bin/runsc", "exe", None),
    ],
)
def test_the_program_tells(tmp_path: Path, program: str, name: str, *, begun: bool | None) -> None:
    assert has_begun(7, process(tmp_path, program, name)) is begun


def test_one_that_is_gone_had_begun(tmp_path: Path) -> None:
    assert has_begun(7, tmp_path) is True


def test_this_very_program() -> None:
    assert has_begun(os.getpid()) is True
