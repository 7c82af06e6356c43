"""Whatever a person types, a program that cannot do it says so in one sentence and fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gridle import cli

SOMEBODY = "0x0000000000000000000000000000000000000001"
NOWHERE = "http://127.0.0.1:9"


def _run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["gridle", *arguments])
    status = cli.main()
    return status, capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        ("market", "serve", "--rpc-url", NOWHERE, "--hub", SOMEBODY, "--home"),
        ("practice", "--headless", "--home"),
        ("practice", "--start-over", "--headless", "--home"),
        ("worker", "run", "--market", NOWHERE, "--payout", SOMEBODY, "--home"),
        ("worker", "limits", "--set", "idle_after_s=5", "--home"),
        ("job", "status", "--market", NOWHERE, "--profile"),
    ],
    ids=" ".join,
)
def test_a_home_that_is_a_file_is_one_sentence(
    command: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    status, said = _run(monkeypatch, capsys, *command, str(in_the_way))
    assert status == 3
    assert said.count("\n") == 1
    assert str(in_the_way) in said


@pytest.mark.parametrize(
    ("address", "units"), [("0x12", "5"), (SOMEBODY, "9" * 90)], ids=["address", "amount"]
)
def test_funding_nonsense_is_one_sentence(
    address: str,
    units: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, said = _run(
        monkeypatch, capsys, "practice", "--home", str(tmp_path), "fund", address, units
    )
    assert status == 2
    assert said.count("\n") == 1


def test_a_folder_without_jobs_is_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = _run(
        monkeypatch,
        capsys,
        *("practice", "--headless", "--home", str(tmp_path / "home")),
        *("--jobs", str(tmp_path / "nothing")),
    )
    assert status == 2
    assert "There is no job in" in said
    assert not (tmp_path / "home").exists()


def test_a_reader_who_leaves_early_sees_no_traceback(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "gridle", "worker", "limits", "--home", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 141
    assert said == b""
