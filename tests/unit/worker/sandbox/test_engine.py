from __future__ import annotations

from pathlib import Path

from gridle.worker.sandbox.engine import Reply, ask_program


def test_a_program_is_asked_for_real(tmp_path: Path) -> None:
    assert ask_program([str(tmp_path / "absent")], 1.0).status == 127
    assert ask_program(["sh", "-c", "echo out; echo err >&2; exit 5"], 10.0) == Reply(
        5, "out\n", "err\n"
    )
    assert ask_program(["sleep", "60"], 0.05).status == 124


def test_a_file_that_may_not_be_run_is_an_answer_too(tmp_path: Path) -> None:
    (tmp_path / "program").write_text("no program")
    assert ask_program([str(tmp_path / "program")], 1.0).status == 126
