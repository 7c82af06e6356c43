from __future__ import annotations

from pathlib import Path

import pytest

from installer.development.environment import Environment


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "requirements.lock").write_text("a==1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return tmp_path


def _ready(checkout: Path) -> Environment:
    """Lay an environment as a finished set-up leaves it, with a program in Python's place."""
    environment = Environment(checkout, "python3")
    package = environment.folder / "lib" / "python3.11" / "site-packages" / "pip"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    environment.python.parent.mkdir()
    environment.python.symlink_to("/bin/true")
    (environment.folder / "gridle-setup.stamp").write_text(environment.wanted())
    return environment


def test_a_finished_environment_is_ready(checkout: Path) -> None:
    assert _ready(checkout).is_ready()


def test_nothing_there_is_not_ready(checkout: Path) -> None:
    assert not Environment(checkout, "python3").is_ready()


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_change_of_what_is_wanted_is_seen(checkout: Path, name: str) -> None:
    environment = _ready(checkout)
    (checkout / name).write_text("changed")
    assert not environment.is_ready()


def test_a_broken_interpreter_is_seen(checkout: Path) -> None:
    environment = _ready(checkout)
    environment.python.unlink()
    assert not environment.is_ready()


def test_an_environment_without_pip_is_half_made(checkout: Path) -> None:
    environment = _ready(checkout)
    next(environment.folder.rglob("pip/__init__.py")).unlink()
    assert not environment.is_ready()
