from __future__ import annotations

from pathlib import Path

import pytest

from gridle.market.practice import images
from gridle.market.practice.image_recipe import parse_recipe
from gridle.market.protocol.errors import UnavailableError

RECIPE = parse_recipe("sample", "python3\nlibraries blas\ncompile-python\n")


def test_the_command_names_packages_suite_and_hooks() -> None:
    command = images.debootstrap_command(RECIPE, "bookworm")
    assert command[:2] == ["mmdebstrap", "--quiet"]
    assert "--include=python3" in command
    assert any("/usr/lib/*/blas" in part for part in command)
    assert any("compileall" in part for part in command)
    assert command[command.index("bookworm") + 1] == "-"


def test_without_an_engine_there_is_no_image_and_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert images.image_id(RECIPE) is None
    with pytest.raises(UnavailableError, match=r"podman"):
        images.build(RECIPE, lambda _: None)


def test_the_jobs_folder_is_read() -> None:
    jobs = Path(__file__).resolve().parents[4] / "resources" / "practice-jobs"
    assert [recipe.job for recipe in images.read_recipes(jobs)] == ["cancer-screening", "render"]


def test_an_unknown_verb_is_refused() -> None:
    assert images.main(["destroy"]) == 2


@pytest.mark.parametrize("output", ["", "printf half-a-tar-archive;"])
def test_a_failed_build_is_one_sentence_with_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    for name, script in {
        "podman": "exit 1",
        "mmdebstrap": f"echo 'W: slow' >&2; echo 'E: no network' >&2; {output} exit 25",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    with pytest.raises(UnavailableError, match=r"no network.*other jobs go on"):
        images.build(RECIPE, lambda _: None)
