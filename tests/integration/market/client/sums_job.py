"""A small job with a check and a combination that really look at the results."""

from __future__ import annotations

import hashlib
from pathlib import Path

MODULE = b"\0asm\x01\0\0\0"

_CHECK = """
import pathlib, sys
folder, first, second = sys.argv[1:]
said = pathlib.Path(folder, "sum.txt").read_text()
if said != str(int(first) + int(second)):
    print("the sum is wrong")
    sys.exit(1)
"""

_COMBINE = """
import pathlib, sys
results, out = map(pathlib.Path, sys.argv[1:])
total = sum(int(path.read_text()) for path in results.glob("[0-9]*/sum.txt"))
(out / "total.txt").write_text(str(total))
"""


def write_sums_job(folder: Path, *, name: str = "sums", arguments: str) -> Path:
    """Write the job's folder; returns its manifest. Each task adds its two arguments."""
    folder.mkdir(parents=True)
    (folder / "sums.wasm").write_bytes(MODULE)
    (folder / "check.py").write_text(_CHECK)
    (folder / "combine.py").write_text(_COMBINE)
    path = folder / "manifest.toml"
    path.write_text(
        f"""
job = {{ name = "{name}", title = "Sums", summary = "Adds numbers." }}
resources = {{ reference_s = 1 }}
pay = {{ price_units = 1000, deadline_s = 3600 }}
verification = {{ check = "check.py", verdict_timeout_s = 600 }}
combine = {{ script = "combine.py" }}
tasks = {{ arguments = {arguments} }}

[runtime]
kind = "wasm"
module = "sums.wasm"
sha256 = "{hashlib.sha256(MODULE).hexdigest()}"
"""
    )
    return path


def seal_sums_job(manifest: Path, name: str, content: bytes) -> None:
    """Make it a sealed job with one input."""
    (manifest.parent / name).write_bytes(content)
    with manifest.open("a") as file:
        file.write('\n[data]\nclass = "sealed"\n')
        file.write(f'\n[[inputs]]\nname = "{name}"\npath = "{name}"\n')
