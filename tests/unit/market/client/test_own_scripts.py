from __future__ import annotations

import threading
from pathlib import Path

import pytest

from gridle.market.client.own_scripts import MAX_SAID_CHARS, OwnScripts, ScriptEnd, first_line


def script(folder: Path, text: str) -> Path:
    path = folder / "script.py"
    path.write_text(text)
    return path


def test_a_script_gets_its_arguments_and_its_own_folder(tmp_path: Path) -> None:
    path = script(tmp_path, "import os, sys\nprint(os.getcwd(), *sys.argv[1:])\n")
    end = OwnScripts().run(path, ("a", "b c"), limit_s=20)
    assert end == ScriptEnd(0, f"{tmp_path} a b c")


def test_a_status_and_the_first_words_come_back(tmp_path: Path) -> None:
    path = script(tmp_path, "import sys\nprint('\\n\\x1b[2J wrong ')\nprint('more')\nsys.exit(3)\n")
    assert OwnScripts().run(path, (), limit_s=20) == ScriptEnd(3, "[2J wrong")


def test_secrets_of_the_environment_are_not_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDLE_WALLET_PASSWORD", "secret")
    path = script(tmp_path, "import os\nprint('GRIDLE_WALLET_PASSWORD' in os.environ)\n")
    assert OwnScripts().run(path, (), limit_s=20).said == "False"


def test_a_script_without_end_is_ended(tmp_path: Path) -> None:
    path = script(tmp_path, "print('begun', flush=True)\nwhile True: pass\n")
    assert OwnScripts().run(path, (), limit_s=0.3).status is None


def test_closing_ends_what_runs(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    path = script(tmp_path, f"open({str(begun)!r}, 'w')\nwhile True: pass\n")
    scripts, ends = OwnScripts(), list[ScriptEnd]()
    thread = threading.Thread(target=lambda: ends.append(scripts.run(path, (), limit_s=60)))
    thread.start()
    waited = threading.Event()
    for _ in range(2000):
        if begun.exists():
            break
        waited.wait(0.01)
    scripts.close()
    thread.join(10)
    assert not thread.is_alive()
    assert ends[0].status not in (0, None)
    with pytest.raises(InterruptedError):
        scripts.run(path, (), limit_s=1)


def test_words_are_cut() -> None:
    assert first_line(b"x" * 5000) == "x" * MAX_SAID_CHARS
    assert first_line(b"") == ""
    assert first_line(b"\xff\xfe ok") == "\N{REPLACEMENT CHARACTER}" * 2 + " ok"
