from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import gridle

SLOW = {"typing", "dataclasses", "json", "hashlib", "pathlib", "collections", "re", "enum"}
SLOW |= {"threading", "subprocess", "contextlib", "inspect", "wasmtime", "msgspec"}


def test_a_hosts_start_imports_nothing_slow() -> None:
    root = str(Path(gridle.__file__).parents[1])
    code = (
        f"import sys; sys.path.append({root!r}); import gridle.worker.sandbox.host.program; "
        "print(*sys.modules)"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert SLOW.isdisjoint(loaded.split())
