"""Every practice job's manifest is complete and names what is there."""

from __future__ import annotations

import hashlib

import pytest

from tests.rigs.practice_job import JOBS, manifest

ALL = sorted(file.parent.name for file in JOBS.glob("*/manifest.toml"))


def test_the_three_jobs_are_there() -> None:
    assert ALL == ["cancer-screening", "render", "value-at-risk"]


@pytest.mark.parametrize("job", ALL)
def test_a_job_has_at_least_eight_distinct_tasks(job: str) -> None:
    tasks = manifest(job)["tasks"]["arguments"]
    assert len(tasks) >= 8
    assert len({tuple(task) for task in tasks}) == len(tasks)


@pytest.mark.parametrize("job", ALL)
def test_every_round_brings_other_work(job: str) -> None:
    assert all(
        any("{round}" in one for one in task) for task in manifest(job)["tasks"]["arguments"]
    )


@pytest.mark.parametrize("job", ALL)
def test_every_named_file_is_there(job: str) -> None:
    source = manifest(job)
    runtime = source["runtime"]
    names = [one["path"] for one in source.get("inputs", [])]
    names += [source["verification"]["check"], source["combine"]["script"], "README.md"]
    names.append(runtime["module"] if runtime["kind"] == "wasm" else runtime["image_recipe"])
    assert [name for name in names if not (JOBS / job / name).is_file()] == []


def test_the_shipped_module_has_the_digest_in_the_manifest() -> None:
    runtime = manifest("value-at-risk")["runtime"]
    module = (JOBS / "value-at-risk" / runtime["module"]).read_bytes()
    assert hashlib.sha256(module).hexdigest() == runtime["sha256"]
