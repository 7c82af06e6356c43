from __future__ import annotations

import os
from pathlib import Path

import pytest

from gridle.worker.sandbox.thread_state import thread_ids, thread_state


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("7 (task) R 1 7", "R"),
        ("7 (a) S) T 1 7", "T"),  # a name made to look like a state
        ("7 (x\ufffd \n) S 1", "S"),
        ("nonsense", None),
        ("", None),
    ],
)
def test_the_state_follows_the_name(tmp_path: Path, line: str, state: str | None) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "stat").write_text(line)
    assert thread_state(7, tmp_path) == state


def test_a_real_thread_and_one_that_is_gone(tmp_path: Path) -> None:
    assert thread_state(os.getpid()) is not None
    assert os.getpid() in thread_ids(os.getpid())
    assert thread_state(7, tmp_path) is None
    assert thread_ids(7, tmp_path) == []
