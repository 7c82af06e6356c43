from __future__ import annotations

from pathlib import Path

import pytest

from installer.development.system_packages import Need, install, missing

NEED = Need("to test", ("gridle-no-such-package",))


def _program(folder: Path, name: str, script: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_what_is_installed_is_not_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, "dpkg-query", "echo 'here installed'; echo 'gone config-files'; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert missing((Need("to test", ("here", "gone")),)) == (Need("to test", ("gone",)),)


def test_without_apt_it_lists_what_is_missing_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not install((NEED,))
    said = capsys.readouterr().out
    assert "gridle-no-such-package" in said
    assert "to test" in said
    assert "goes on" in said


def test_one_bad_package_does_not_hold_up_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    _program(tmp_path, "sudo", 'exec "$@"')
    _program(tmp_path, "dpkg", "exit 0")
    _program(tmp_path, "apt-get", f'echo "$@" >> {log}; case "$*" in *bad*) exit 100;; esac')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert not install((Need("to test", ("gridle-bad", "gridle-good")),))
    calls = log.read_text().splitlines()
    assert calls[0].startswith("update")
    assert calls[-1].endswith(" gridle-good")
    assert "goes on" in capsys.readouterr().out


def test_nothing_missing_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _program(tmp_path, "dpkg-query", "echo 'gridle-no-such-package installed'")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert install((NEED,))
    assert capsys.readouterr().out == ""
