"""The shipped WebAssembly module is what its C source compiles to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.rigs.practice_job import JOBS, manifest


def test_the_source_compiles_to_the_shipped_module(tmp_path: Path) -> None:
    module = tmp_path / "module.wasm"
    build = [sys.executable, str(JOBS / "value-at-risk" / "build.py"), str(module)]
    printed = subprocess.run(build, capture_output=True, text=True, timeout=110, check=True).stdout
    assert printed.strip() == manifest("value-at-risk")["runtime"]["sha256"]
    assert module.read_bytes() == (JOBS / "value-at-risk" / "value_at_risk.wasm").read_bytes()
