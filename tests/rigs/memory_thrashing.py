"""A process that waits for memory all the time, behind a fence that leaves the rest alone."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_FENCE_BYTES = 12 * 2**20
_FILE_BYTES = 96 * 2**20
_FOLDER = Path(__file__).resolve().parents[2] / "build"
_THRASH = """
import mmap, os, sys
fence, path = sys.argv[1:]
with open(fence + "/cgroup.procs", "w") as members:
    members.write(str(os.getpid()))
with open(path, "rb") as file:
    pages = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
while True:
    for at in range(0, len(pages), 4096):
        pages[at]
"""


def memory_cgroup() -> Path | None:
    """Return a cgroup below which this process may fence memory; None where it may not."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "memory":
            folder = _CGROUPS / "memory" / path.lstrip("/")
            return folder if os.access(folder, os.W_OK) else None
    controls = _CGROUPS / "cgroup.subtree_control"
    if controls.exists() and "memory" in controls.read_text() and os.access(_CGROUPS, os.W_OK):
        return _CGROUPS
    return None


class Thrashing:
    """Reads a file again and again that is larger than its fence lets the cache hold."""

    def __init__(self, cgroup: Path) -> None:
        name = f"gridle-test-{uuid.uuid4().hex[:8]}"
        self._fence = cgroup / name
        self._fence.mkdir()
        limits = (self._fence / each for each in ("memory.max", "memory.limit_in_bytes"))
        next(limit for limit in limits if limit.exists()).write_text(str(_FENCE_BYTES))
        _FOLDER.mkdir(exist_ok=True)
        self._file = _FOLDER / name  # on a disk: the temporary folder may be memory itself
        self._write_past_the_cache()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _THRASH, str(self._fence), str(self._file)]
        )

    def end(self) -> None:
        """Stop it and take everything away."""
        self._process.kill()
        self._process.wait()
        self._fence.rmdir()
        self._file.unlink()

    def _write_past_the_cache(self) -> None:
        with self._file.open("wb") as file:
            for _ in range(_FILE_BYTES // 2**20):
                file.write(os.urandom(2**20))
            file.flush()
            os.fsync(file.fileno())
            # What we wrote is charged to us: only what the process reads anew is charged to it.
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
