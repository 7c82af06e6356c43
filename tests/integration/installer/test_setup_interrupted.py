"""The real set-up of an environment, killed midway and run again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from installer.development.environment import Environment

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""


def test_a_half_made_environment_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text("")
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    environment = Environment(tmp_path, sys.executable)
    make = [sys.executable, "-m", "venv", "--without-pip", str(environment.folder)]
    subprocess.run(make, check=True, timeout=60)  # as far as a kill before pip arrives leaves it
    assert not environment.is_ready()
    assert not environment.make()  # this sample has no package of its own to install
    assert next(environment.folder.rglob("pip/__init__.py")).is_file()
    assert not environment.is_ready()
