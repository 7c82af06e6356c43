"""The container jobs, computed in their real images, checked and combined."""

from __future__ import annotations

import json
import shutil
import struct
import zlib
from pathlib import Path

import pytest

from gridle.market.practice.images import image_id, read_recipes
from tests.rigs.practice_job import JOBS, run_container, run_script, task_arguments

IMAGES = {recipe.job: image_id(recipe) for recipe in read_recipes(JOBS)}
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        shutil.which("podman") is None or None in IMAGES.values(),
        reason="needs podman and the practice jobs' images (make setup)",
    ),
]


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _compute("render", 1, tmp_path_factory.mktemp("tiles"))


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _compute("cancer-screening", 10, tmp_path_factory.mktemp("scores"))


def _compute(job: str, index: int, results: Path) -> Path:
    run_container(job, IMAGES[job] or "", task_arguments(job, index), results / str(index))
    return results


def test_an_honest_tile_is_accepted(tiles: Path) -> None:
    arguments = task_arguments("render", 1)
    assert run_script("render", "check.py", str(tiles / "1"), *arguments) == (0, "")


def test_the_sky_tells_a_tile_from_another_row(tiles: Path, tmp_path: Path) -> None:
    shutil.copy(tiles / "1" / "tile.png", tmp_path / "tile.png")
    flipped = _flipped((tmp_path / "tile.png").read_bytes())
    (tmp_path / "tile.png").write_bytes(flipped)
    status, said = run_script("render", "check.py", str(tmp_path), *task_arguments("render", 1))
    assert (status, "sky" in said) == (1, True)


def _flipped(png: bytes) -> bytes:
    """Return an intact PNG of the same size whose colours are noise."""
    noise = b"".join(
        b"\0" + bytes((x * 7 + y * 13) % 251 for x in range(240 * 3)) for y in range(200)
    )
    body = b"IDAT" + zlib.compress(noise)
    checked = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:33] + checked + png[-12:]


def test_a_truncated_tile_is_refused(tiles: Path, tmp_path: Path) -> None:
    whole = (tiles / "1" / "tile.png").read_bytes()
    (tmp_path / "tile.png").write_bytes(whole[: len(whole) // 2])
    status, said = run_script("render", "check.py", str(tmp_path), *task_arguments("render", 1))
    assert (status, len(said.splitlines())) == (1, 1)


def test_tiles_are_combined_into_one_png(tiles: Path, tmp_path: Path) -> None:
    assert run_script("render", "combine.py", str(tiles), str(tmp_path)) == (0, "")
    summary = json.loads((tmp_path / "summary.json").read_text())
    picture = (tmp_path / summary["image"]).read_bytes()
    assert struct.unpack(">II", picture[16:24]) == (960, 600)
    assert (summary["tasks_done"], summary["tasks_total"]) == (1, 12)


def test_honest_scores_are_accepted(scores: Path) -> None:
    arguments = task_arguments("cancer-screening", 10)
    assert run_script("cancer-screening", "check.py", str(scores / "10"), *arguments) == (0, "")


def test_another_model_is_refused(scores: Path) -> None:
    arguments = task_arguments("cancer-screening", 7)
    assert run_script("cancer-screening", "check.py", str(scores / "10"), *arguments)[0] == 1


def test_invented_probabilities_are_refused(scores: Path, tmp_path: Path) -> None:
    content = json.loads((scores / "10" / "scores.json").read_text())
    for candidate in content["candidates"]:
        for repeat in candidate["probabilities"]:
            repeat.reverse()
    (tmp_path / "scores.json").write_text(json.dumps(content))
    arguments = task_arguments("cancer-screening", 10)
    status, said = run_script("cancer-screening", "check.py", str(tmp_path), *arguments)
    assert (status, "worse" in said) == (1, True)


def test_scores_are_combined_into_a_named_best_model(scores: Path, tmp_path: Path) -> None:
    assert run_script("cancer-screening", "combine.py", str(scores), str(tmp_path)) == (0, "")
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["headline"].startswith("Extremely random trees")
    assert "Not medical advice" in summary["headline"]
