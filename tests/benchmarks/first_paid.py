"""Seconds from `gridle practice` to the first task that is paid on the chain (set-up done)."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from tests.benchmarks.table import Row

TIMEOUT_S = 300.0


def measure() -> Iterator[Row]:
    """Yield the seconds of a first start, with nothing kept from before."""
    with tempfile.TemporaryDirectory(prefix="gridle-bench-") as home:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "gridle", "practice", "--home", home),
                *("--headless", "--until-paid", "1", "--json"),
            ],
            stdout=subprocess.PIPE,
            timeout=TIMEOUT_S,
            check=True,
        )
    seconds = json.loads(done.stdout)["seconds_to_first_paid"]
    yield Row("first_paid_s", seconds, "s", "≤ 60", "none pays within minutes")
