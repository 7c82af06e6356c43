"""Compile value_at_risk.c to WebAssembly, the same bytes every time.

Usage: python build.py [OUTPUT.wasm]   (needs the ziglang package; prints the module's SHA-256)
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FLAGS = (
    *("-target", "wasm32-wasi", "-O2", "-std=c17", "-Wall", "-Wextra", "-Werror"),
    "-ffp-contract=off",  # fused operations would round otherwise than check.py does
    "-Wl,--strip-all",  # no names or paths of the machine that compiles
)


def build(output: Path) -> str:
    """Compile into `output` and return the digest of what was written."""
    command = [sys.executable, "-m", "ziglang", "cc", *FLAGS, "value_at_risk.c", "-o", str(output)]
    subprocess.run(command, cwd=HERE, check=True)
    return hashlib.sha256(output.read_bytes()).hexdigest()


if __name__ == "__main__":
    print(build(Path(sys.argv[1]).resolve() if sys.argv[1:] else HERE / "value_at_risk.wasm"))
