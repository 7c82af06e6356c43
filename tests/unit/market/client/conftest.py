"""A small job whose every file is there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

MODULE = b"\0asm\x01\0\0\0"

MANIFEST = f"""
[job]
name = "sums"
title = "Sums"
summary = "Adds numbers."

[runtime]
kind = "wasm"
module = "sums.wasm"
sha256 = "{hashlib.sha256(MODULE).hexdigest()}"

[resources]
reference_s = 2

[pay]
price_units = 1000
deadline_s = 3600

[verification]
method = "requestor"
verdict_timeout_s = 60
check = "check.py"

[combine]
script = "combine.py"

[[inputs]]
name = "data.csv"
path = "data/first.csv"

[tasks]
arguments = [["--seed", "{{round}}01"], ["--seed", "{{round}}02"]]
"""


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """The manifest of a whole job."""
    folder = tmp_path / "job"
    (folder / "data").mkdir(parents=True)
    (folder / "sums.wasm").write_bytes(MODULE)
    (folder / "check.py").write_text("")
    (folder / "combine.py").write_text("")
    (folder / "data" / "first.csv").write_text("1,2\n")
    path = folder / "manifest.toml"
    path.write_text(MANIFEST)
    return path
