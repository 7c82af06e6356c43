"""Where practice on this machine keeps its files, and how others find the one that runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import platformdirs
from msgspec import Meta, Struct

FACTS_NAME = "practice.json"
"""In the practice home while practice runs: a `PracticeFacts` as JSON."""


class PracticeFacts(Struct, frozen=True):
    """How to reach the market and the chain of the running practice."""

    market_url: str
    rpc_url: str
    hub: str
    token: str
    chain_home: str
    pid: Annotated[int, Meta(gt=1)]
    """Of the practice itself; SIGTERM ends all of it."""


def practice_home() -> Path:
    """Return the folder of practice's files: GRIDLE_PRACTICE_HOME, or the platform's."""
    chosen = os.environ.get("GRIDLE_PRACTICE_HOME")
    if chosen:
        return Path(chosen)
    return Path(platformdirs.user_data_dir("gridle", False)) / "practice"  # noqa: FBT003 - no author folder
