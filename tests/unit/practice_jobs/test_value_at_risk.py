"""The value-at-risk job, with few paths: computed, checked and combined for real."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.rigs.practice_job import run_script, run_wasm

JOB = "value-at-risk"
ARGUMENTS = ["--seed", "101", "--blocks", "20", "--block-paths", "200"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    run_wasm(JOB, ARGUMENTS, folder / "0")
    return folder


def _changed(results: Path, folder: Path, **changes: object) -> str:
    content = json.loads((results / "0" / "losses.json").read_text())
    (folder / "losses.json").write_text(json.dumps(content | changes))
    return str(folder)


def test_an_honest_result_is_accepted(results: Path) -> None:
    assert run_script(JOB, "check.py", str(results / "0"), *ARGUMENTS) == (0, "")


def test_the_same_arguments_give_the_same_bytes(results: Path, tmp_path: Path) -> None:
    run_wasm(JOB, ARGUMENTS, tmp_path / "again")
    again = (tmp_path / "again" / "losses.json").read_bytes()
    assert again == (results / "0" / "losses.json").read_bytes()


def test_another_tasks_result_is_refused(results: Path) -> None:
    other = ["--seed", "102", *ARGUMENTS[2:]]
    status, said = run_script(JOB, "check.py", str(results / "0"), *other)
    assert status == 1
    assert "recomputed" in said


def test_blocks_off_by_one_bit_are_refused(results: Path, tmp_path: Path) -> None:
    content = json.loads((results / "0" / "losses.json").read_text())
    blocks = [[total * (1 + 2**-52), worst] for total, worst in content["blocks"]]
    folder = _changed(results, tmp_path, blocks=blocks)
    assert run_script(JOB, "check.py", folder, *ARGUMENTS)[0] == 1


def test_a_shifted_histogram_is_refused(results: Path, tmp_path: Path) -> None:
    histogram = json.loads((results / "0" / "losses.json").read_text())["histogram"]
    folder = _changed(results, tmp_path, histogram=histogram[-3:] + histogram[:-3])
    status, said = run_script(JOB, "check.py", folder, *ARGUMENTS)
    assert (status, "histogram" in said) == (1, True)


@pytest.mark.parametrize(
    "hostile", ["", "[]", "{}", '{"blocks": [[NaN, 1]], "histogram": [1e999]}', "[" * 100_000]
)
def test_garbage_is_refused_with_one_line(hostile: str, tmp_path: Path) -> None:
    (tmp_path / "losses.json").write_text(hostile)
    status, said = run_script(JOB, "check.py", str(tmp_path), *ARGUMENTS)
    assert (status, len(said.splitlines())) == (1, 1)


def test_partial_results_are_combined_into_a_picture(results: Path, tmp_path: Path) -> None:
    assert run_script(JOB, "combine.py", str(results), str(tmp_path)) == (0, "")
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["tasks_done"], summary["tasks_total"]) == (1, 10)
    assert {"title", "headline", "image", "table", "updated_at"} <= summary.keys()
    picture = ET.parse(tmp_path / summary["image"])  # noqa: S314 # our own picture
    assert "VaR 99 %" in "".join(picture.getroot().itertext())


def test_without_results_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    out = tmp_path / "out"
    status, said = run_script(JOB, "combine.py", str(tmp_path / "results"), str(out))
    assert (status, said) == (1, "There is no result yet.")
    assert not out.exists()
