"""The practice jobs that can be ordered now, read from their folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gridle.market.client.job_source import read_job_source
from gridle.market.client.resolve import ImageOfRecipe, ResolvedJob, resolve
from gridle.market.practice.image_recipe import parse_recipe
from gridle.market.practice.images import image_id
from gridle.market.protocol.errors import GridleError

MANIFEST_NAME = "manifest.toml"


def practice_jobs(
    folder: Path,
    round_number: int,
    on_trouble: Callable[[GridleError], None],
    image_of_recipe: ImageOfRecipe,
) -> dict[str, ResolvedJob]:
    """Return every job under `folder` that can run, by name; the others are told why not."""
    jobs: dict[str, ResolvedJob] = {}
    for path in sorted(folder.glob(f"*/{MANIFEST_NAME}")):
        try:
            source = read_job_source(path)
            job = resolve(source, {"round": str(round_number)}, image_of_recipe)
        except GridleError as error:
            on_trouble(error)
        else:
            jobs[job.manifest.name] = job
    return jobs


def built_image(recipe: Path) -> str | None:
    """Return the id of the image built from a job's `packages.txt`; None where there is none."""
    return image_id(parse_recipe(recipe.parent.name, recipe.read_text("utf-8")))
