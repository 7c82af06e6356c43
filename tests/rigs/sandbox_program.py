"""The contract's task program, built for each fence from one C source, and cached by its digest."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

SOURCE = Path(__file__).with_name("sandbox_task.c")
WASM_TARGET = "wasm32-wasi"
_CACHE = Path(__file__).resolve().parents[2] / "build" / "test-programs"
_TIMEOUT_S = 280


def build(target: str, source: Path = SOURCE) -> Path:
    """Return the program, statically linked for a `zig cc` target."""
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    path = _CACHE / f"{source.stem}-{digest}-{target}"
    if not path.exists():
        _CACHE.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.new")  # another process may build it, too
        command = [sys.executable, "-m", "ziglang", "cc", "-target", target, "-static", "-O2", "-s"]
        subprocess.run([*command, "-o", str(draft), str(source)], check=True, timeout=_TIMEOUT_S)
        draft.chmod(0o755)
        draft.replace(path)
    return path


def image_tar(program: Path, path: Path) -> Path:
    """Write a root file system that holds the program as /task and nothing else."""
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("task")
        data = program.read_bytes()
        member.size, member.mode = len(data), 0o755
        archive.addfile(member, io.BytesIO(data))
    return path
