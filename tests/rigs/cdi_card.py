"""A graphics card that is none, in a CDI file of a test: it sets a variable in a container."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

UUID = f"GPU-{uuid4()}"
"""Another for each run, since engines refuse a name that two files give."""
VARIABLE = "GRIDLE_TEST_CARD"
_FOLDER = Path("/var/run/cdi")


@contextlib.contextmanager
def cdi_card() -> Iterator[None]:
    """Place the file where we may (root); elsewhere engines hand no card over."""
    if os.geteuid() != 0:
        yield
        return
    edits = {"env": [f"{VARIABLE}=1"]}
    spec = {
        "cdiVersion": "0.3.0",
        "kind": "nvidia.com/gpu",
        "devices": [{"name": UUID, "containerEdits": edits}],
    }
    _FOLDER.mkdir(exist_ok=True)
    draft, file = (_FOLDER / f"gridle-test-{UUID}{ending}" for ending in (".new", ".json"))
    draft.write_text(json.dumps(spec))
    draft.replace(file)
    try:
        yield
    finally:
        file.unlink()
