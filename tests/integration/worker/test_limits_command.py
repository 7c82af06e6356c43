"""The command line of limits: in the file where no worker runs, else through the worker."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.market.protocol.sentence import Sentence
from gridle.worker.cli import main
from gridle.worker.ipc.endpoint import Endpoint
from gridle.worker.ipc.messages import Command, FinishWork, PauseWork, SetLimits, StartWork
from gridle.worker.ipc.server import IpcServer
from gridle.worker.policy.limits import Limits
from gridle.worker.settings import load
from tests.fakes.worker_states import worker_state


class Desk:
    """Takes every command."""

    def __init__(self) -> None:
        self.commands: list[Command] = []

    def take(self, command: Command, answer: Callable[[Sentence | None], None]) -> None:
        self.commands.append(command)
        answer(None)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk()
    server = IpcServer(Endpoint(tmp_path), worker_state(), desk.take)
    yield desk
    server.close()


def _saved(home: Path) -> Limits | None:
    return load(home / "limits.json", Limits, 0.0).value


def test_limits_are_set_in_the_file_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--set", "hours=mon-fri 22-6", "idle_after_s=7", "--set", "run_on_battery=on"]
    assert main(["limits", "--home", str(tmp_path), *given]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert "hours=mon-fri 22-6" in shown
    saved = _saved(tmp_path)
    assert saved is not None
    assert (saved.idle_after_s, saved.run_on_battery) == (7, True)


def test_a_preset_comes_before_what_is_set(tmp_path: Path) -> None:
    home = ["limits", "--home", str(tmp_path)]
    main([*home, "--set", "exclusive_programs=blender"])
    main([*home, "--set", "idle_after_s=9", "--preset", "quiet"])
    saved = _saved(tmp_path)
    assert saved is not None
    assert (saved.while_away.cpu_percent, saved.idle_after_s) == (25, 9)
    assert saved.exclusive_programs == ("blender",)


def test_looking_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for how in ([], ["--json"], ["--explain"], ["--schema"]):
        assert main(["limits", "--home", str(tmp_path), *how]) == 0
        assert capsys.readouterr().out
    assert not (tmp_path / "limits.json").exists()


def test_what_is_printed_as_json_is_the_file_and_fits_the_schema(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["limits", "--home", str(tmp_path), "--json"])
    limits = json.loads(capsys.readouterr().out)
    assert msgspec.convert(limits, Limits)
    main(["limits", "--home", str(tmp_path), "--schema"])
    schema = json.loads(capsys.readouterr().out)
    properties = schema["$defs"]["Limits"]["properties"]
    assert set(properties) == set(limits)
    assert properties["idle_after_s"]["maximum"] == 86400


def test_a_wrong_setting_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="idle_after_s"):
        main(["limits", "--home", str(tmp_path), "--set", "run_on_battery=on", "idle_after_s=0"])
    assert _saved(tmp_path) is None


def test_a_damaged_file_is_set_aside_and_reported_whatever_follows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "limits.json").write_text("{")
    with pytest.raises(InvalidInputError):
        main(["limits", "--home", str(tmp_path), "--set", "idle_after_s=0"])
    assert "limits.json.corrupt-" in capsys.readouterr().err
    (aside,) = tmp_path.glob("limits.json.corrupt-*")
    assert aside.read_text() == "{"


@pytest.mark.parametrize("command", ["pause", "resume", "finish"])
def test_wishes_need_a_worker(tmp_path: Path, command: str) -> None:
    with pytest.raises(UnavailableError):
        main([command, "--home", str(tmp_path)])


@pytest.mark.parametrize(
    ("command", "wish"),
    [("pause", PauseWork()), ("resume", StartWork()), ("finish", FinishWork())],
)
def test_wishes_reach_the_worker(tmp_path: Path, desk: Desk, command: str, wish: Command) -> None:
    assert main([command, "--home", str(tmp_path)]) == 0
    assert desk.commands == [wish]


def test_a_running_worker_is_asked_for_the_change_alone(tmp_path: Path, desk: Desk) -> None:
    home = ["limits", "--home", str(tmp_path)]
    main(home)
    main([*home, "--set", "idle_after_s=120"])
    assert desk.commands == []
    main([*home, "--set", "idle_after_s=9"])
    before = worker_state().limits
    assert desk.commands == [SetLimits(msgspec.structs.replace(before, idle_after_s=9))]
    assert _saved(tmp_path) is None
