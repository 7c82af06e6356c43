"""Renew requirements.lock from pyproject.toml: every package with its hashes, no host named.

Usage: python installer/development/lock.py   (needs uv, which the `dev` extra brings)
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADER = (
    "# Every package that Gridle and its development use, locked by hash: `make lock` renews it.\n"
)
COMPILE = (
    *("-m", "uv", "pip", "compile", "pyproject.toml", "--extra", "dev", "--quiet"),
    *("--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--prerelease", "if-necessary-or-explicit"),
    *("--no-emit-index-url", "--no-emit-find-links", "--no-header"),
)


def main() -> int:
    """Compile the lock, refuse one that names a place, and put it into use whole."""
    compiled = subprocess.run(
        [sys.executable, *COMPILE], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    if compiled.returncode != 0:
        print("The lock could not be made; requirements.lock is as it was.")
        return 1
    if "://" in compiled.stdout or " @ " in compiled.stdout:
        print(
            "The new lock names a place where packages come from; requirements.lock is as it was."
        )
        return 1
    draft = ROOT / "requirements.lock.draft"
    draft.write_text(HEADER + compiled.stdout, "utf-8")
    draft.replace(ROOT / "requirements.lock")
    print(f"requirements.lock holds {compiled.stdout.count('==')} packages.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
