"""Missing base images are made beside the practice's work, by a process that ends with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

END_TIMEOUT_S = 30.0
"""It has mounts of its own to undo, and must not be killed before."""


@contextmanager
def images_in_the_making(jobs: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Make the images that jobs lack while the block runs; what is half made goes with its end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gridle.market.practice.images", "build", str(jobs)],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr.fileno(),
        env=dict(environment),
        start_new_session=True,
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
