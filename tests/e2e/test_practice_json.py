"""`gridle practice --headless --until-paid N --json`, as a script would call it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gridle.market.practice.requestor_jobs import built_image
from gridle.resources_folder import resources_folder

pytestmark = pytest.mark.timeout(400)

RUN_TIMEOUT_S = 240
JOBS = {"value-at-risk", "cancer-screening", "render"}


def _practise(home: Path, count: int, **environment: str) -> tuple[dict[str, Any], str]:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "gridle", "practice", "--home", str(home)),
            *("--headless", "--until-paid", str(count), "--json"),
        ],
        capture_output=True,
        timeout=RUN_TIMEOUT_S,
        check=False,
        env=environment or None,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout), done.stderr.decode()


def _check_money(report: dict[str, Any], count: int) -> None:
    tasks, wallet = report["tasks"], report["wallet"]
    assert len(tasks) >= count
    gained_units = wallet["after_units"] - wallet["before_units"]
    assert gained_units == sum(task["price_units"] for task in tasks)
    assert gained_units == sum(payment["paid_units"] for payment in report["redemptions"])
    assert len({task["id"] for task in tasks}) == len(tasks)
    assert all(task["state"] == "paid" and len(task["result_sha256"]) == 64 for task in tasks)
    assert all(task["cpu_s"] > 0 and task["wall_s"] > 0 for task in tasks)


@pytest.mark.engine
@pytest.mark.skipif(
    not all(
        built_image(recipe)
        for recipe in (resources_folder() / "practice-jobs").glob("*/packages.txt")
    ),
    reason="the base images are not built: there is no container engine",
)
def test_all_three_jobs_are_paid_and_a_second_run_goes_on(tmp_path: Path) -> None:
    first, _ = _practise(tmp_path / "practice", 9)
    _check_money(first, 9)
    assert {task["job"] for task in first["tasks"]} == JOBS
    assert {task["runtime"] for task in first["tasks"]} == {"wasm", "container"}

    second, _ = _practise(tmp_path / "practice", 2)
    _check_money(second, 2)
    assert second["wallet"]["address"] == first["wallet"]["address"]
    assert second["wallet"]["before_units"] >= first["wallet"]["after_units"]
    assert not {task["id"] for task in first["tasks"]} & {task["id"] for task in second["tasks"]}


def test_without_an_engine_webassembly_is_paid_and_the_rest_waits(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    report, said = _practise(tmp_path / "practice", 2, PATH=str(empty), LANG="C.UTF-8")
    _check_money(report, 2)
    assert {task["runtime"] for task in report["tasks"]} == {"wasm"}
    assert "Container tasks need an engine: install Podman" in said


def test_a_wrong_count_is_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gridle", "practice", "--home", str(tmp_path), "--until-paid", "0"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.decode().strip().count("\n") == 0
