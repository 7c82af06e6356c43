from __future__ import annotations

import ast
import importlib.util
import json
import math
import os
import random
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.resources_folder import resources_folder

KIT = resources_folder() / "task-kit" / "gridle_checkpoint.py"
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"))
    | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text().filter(lambda key: not key.startswith("(")), inner)
    ),
)


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gridle_checkpoint", KIT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "checkpoint").mkdir()
    return tmp_path / "checkpoint"


@pytest.fixture
def kit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    before = signal.getsignal(signal.SIGUSR1)
    module = loaded()
    monkeypatch.setattr(module, "FOLDER", folder)
    monkeypatch.setattr(module, "_LOOK_S", 0.0)
    yield module
    signal.signal(signal.SIGUSR1, before)


@given(value=PLAIN)
def test_a_state_comes_back_as_it_was(value: object) -> None:
    kit = loaded()
    there = kit._unpacked(json.loads(json.dumps(kit._packed(value))))
    assert there == value
    assert repr(there) == repr(value)  # tuples, bytes, -0.0


def test_what_json_would_lose_is_kept_in_a_file(kit: ModuleType) -> None:
    state = {"random": random.getstate(), "none": math.nan, "most": math.inf}
    assert kit.save(state)
    again = kit.load(None)
    assert again["random"] == state["random"]
    assert math.isnan(again["none"])
    assert again["most"] == math.inf


@pytest.mark.parametrize("value", [{1: "a"}, {"(tuple)": 1}, {1, 2}, object(), [signal.SIGUSR1]])
def test_what_would_come_back_as_something_else_is_refused(
    kit: ModuleType, folder: Path, value: object
) -> None:
    kit.save("older")
    with pytest.raises(TypeError, match="cannot be saved as it is"):
        kit.save(value)
    assert kit.load(None) == "older"
    assert [path.name for path in folder.iterdir()] == ["state"]


def test_at_the_beginning_the_default_is_the_state(kit: ModuleType) -> None:
    default = {"step": 0}
    assert kit.load(default) is default
    assert kit.load_bytes() is None


def test_a_request_is_answered_once(kit: ModuleType, folder: Path) -> None:
    assert not kit.save_if_asked(1)
    (folder / "save").touch()
    assert kit.save_if_asked(2)
    assert [path.name for path in folder.iterdir()] == ["state"]
    assert not kit.save_if_asked(3)
    assert kit.load(None) == 2


def test_the_signal_has_it_look_at_once(
    kit: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit, "_LOOK_S", 3600.0)
    kit.load(None)
    assert not kit.is_asked()
    (folder / "save").touch()
    assert not kit.is_asked()
    os.kill(os.getpid(), signal.SIGUSR1)
    assert kit.is_asked()
    os.kill(os.getpid(), signal.SIGUSR1)  # without a request it means nothing
    assert not kit.is_asked()


def test_a_handler_of_the_tasks_own_stays(kit: ModuleType) -> None:
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    kit.load(None)
    assert signal.getsignal(signal.SIGUSR1) is signal.SIG_IGN


def test_beside_the_main_thread_it_looks_by_itself(kit: ModuleType, folder: Path) -> None:
    (folder / "save").touch()
    answers: list[bool] = []

    def run() -> None:
        kit.load(None)
        answers.append(kit.save_if_asked("there"))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30.0)
    assert answers == [True]
    assert signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL


def test_unasked_it_saves_that_often(kit: ModuleType) -> None:
    assert not kit.save_if_asked(1, every_s=3600.0)
    assert kit.save_if_asked(2, every_s=0.0)


def test_outside_of_gridle_nothing_is_saved(
    kit: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit, "FOLDER", tmp_path / "nowhere")
    assert kit.load("default") == "default"
    assert not kit.save_if_asked(1, every_s=0.0)
    assert not kit.save_bytes(b"x")


def test_bytes_of_the_tasks_own_come_back(kit: ModuleType, folder: Path) -> None:
    assert kit.save_bytes(b"\x93NUMPY")
    assert kit.load_bytes() == b"\x93NUMPY"
    assert (folder / "state").read_bytes().startswith(b"gridle-checkpoint 1 bytes\n")


def test_a_state_of_another_kind_begins_anew(
    kit: ModuleType, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kit.save_bytes(b"x")
    assert kit.load("default") == "default"
    (folder / "state").write_bytes(b"something else")
    assert kit.load_bytes() is None
    assert capsys.readouterr().err.count("beginning anew") == 2


def test_a_full_disk_lets_the_task_run_on(
    kit: ModuleType,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kit.save("older")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (folder / "save").touch()
    assert not kit.save_if_asked("newer")
    assert "No space left" in capsys.readouterr().err
    assert kit.load(None) == "older"


def test_it_is_one_file_of_python_3_8_without_dependencies() -> None:
    tree = ast.parse(KIT.read_text("utf-8"), feature_version=(3, 8))
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names
