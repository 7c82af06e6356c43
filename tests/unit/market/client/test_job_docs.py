from __future__ import annotations

import re
from pathlib import Path

from gridle.market.client.job_source import read_job_source
from gridle.market.client.resolve import resolve

PAGE = Path(__file__).resolve().parents[4] / "docs" / "jobs.md"


def test_the_example_for_authors_is_a_job(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    path = tmp_path / "manifest.toml"
    path.write_text(example)
    manifest = resolve(read_job_source(path), {}).manifest
    assert (manifest.resources.gpus, manifest.isolation) == (1, "any")
    assert manifest.checkpoint is not None
