"""The hostile program, built for each fence from its C sources, and an image with it."""

from __future__ import annotations

import hashlib
import io
import platform
import subprocess
import sys
import tarfile
from pathlib import Path

_SOURCES = Path(__file__).with_name("programs")
_CACHE = Path(__file__).resolve().parents[2] / "build" / "test-programs"
_TIMEOUT_S = 280
NATIVE_TARGET = f"{platform.machine()}-linux-musl"
WASM_TARGET = "wasm32-wasi"
_PORTABLE = ("main.c", "files.c", "output.c", "hunger.c", "states.c")
DEVICES = {"memory": ("c", 1, 1), "messages": ("c", 1, 11), "disk": ("b", 254, 0)}
"""Nodes that the image brings along, by name: kind, major, minor."""


def build(target: str) -> Path:
    """Return the program for a `zig cc` target."""
    sources = sorted(_SOURCES.glob("*.c"))
    digest = hashlib.sha256(b"".join(each.read_bytes() for each in sources)).hexdigest()[:16]
    path = _CACHE / f"hostile-{digest}-{target}"
    if not path.exists():
        _CACHE.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".new-{target}")
        chosen = [each for each in sources if target != WASM_TARGET or each.name in _PORTABLE]
        command = [sys.executable, "-m", "ziglang", "cc", "-target", target, "-static", "-O1", "-s"]
        subprocess.run(
            [*command, "-o", str(draft), *map(str, chosen)], check=True, timeout=_TIMEOUT_S
        )
        draft.chmod(0o755)
        draft.replace(path)
    return path


def image_tar(program: Path, path: Path) -> Path:
    """Write a root file system with the program, twice: the second time owned by root, setuid."""
    data = program.read_bytes()
    with tarfile.open(path, "w") as archive:
        for name, mode in (("hostile", 0o755), ("suid", 0o6755)):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), mode
            archive.addfile(member, io.BytesIO(data))
        for name, (kind, major, minor) in DEVICES.items():
            node = tarfile.TarInfo(f"nodes/{name}")
            node.type = tarfile.CHRTYPE if kind == "c" else tarfile.BLKTYPE
            node.devmajor, node.devminor, node.mode = major, minor, 0o666
            archive.addfile(node)
    return path
