"""The lock and the scripts of set-up name no host, and the lock is whole."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
_PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==\S+.*\\$", re.MULTILINE)
_PLACE = re.compile(r"[a-z]+://|--(extra-)?index|--find-links|\b[a-z0-9-]+\.(org|com|io|net)\b")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lock_names_no_place() -> None:
    assert _PLACE.search(LOCK) is None
    assert " @ " not in LOCK


def test_no_script_of_set_up_names_a_place() -> None:
    scripts = [ROOT / "Makefile", *(ROOT / "installer" / "development").glob("*.*")]
    named = [
        (file.name, found.group())
        for file in scripts
        for found in _PLACE.finditer(file.read_text("utf-8"))
        if found.group() != "://"
    ]
    assert named == []


def test_every_pinned_package_has_a_hash() -> None:
    packages = [block for block in re.split(r"\n(?=[a-z0-9])", LOCK) if "==" in block]
    assert len(packages) == len(_PINNED.findall(LOCK)) > 50
    assert [block.splitlines()[0] for block in packages if "--hash=sha256:" not in block] == []


def test_every_dependency_of_the_project_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {_normal(re.split(r"[\[<>=!~; ]", one, maxsplit=1)[0]) for one in wanted}
    assert names - {_normal(name) for name in _PINNED.findall(LOCK)} == set()
