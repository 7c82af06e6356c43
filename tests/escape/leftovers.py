"""What a run of hostile tasks left on this machine; there must be nothing."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import psutil

_TIMEOUT_S = 20.0
_CGROUPS = Path("/sys/fs/cgroup")


def leftovers(worker_id: str, folder: str, *own_pids: int) -> list[str]:
    """Return what stays; an engine's own processes may take a moment to leave."""
    deadline_s = time.monotonic() + _TIMEOUT_S
    while (found := _left_now(worker_id, folder, own_pids)) and time.monotonic() < deadline_s:
        time.sleep(0.1)
    return found


def _left_now(worker_id: str, folder: str, own_pids: tuple[int, ...]) -> list[str]:
    found = [f"container {each}" for each in _containers(worker_id)]
    for process in psutil.process_iter(["pid", "cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        if (worker_id in line or folder in line) and process.pid not in own_pids:
            found.append(f"process {process.pid} {line[:200]}")
    mounts = Path("/proc/self/mountinfo").read_text("utf-8", "replace").splitlines()
    found += [f"mount {line}" for line in mounts if folder in line]
    found += [f"group {path}" for path in _groups() if worker_id in path.name]
    return found


def _containers(worker_id: str) -> list[str]:
    command = ["podman", "ps", "--all", "--format", "{{.Names}}", "--filter", f"name={worker_id}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except FileNotFoundError:
        return []
    return done.stdout.split()


def _groups() -> list[Path]:
    return [path for path in _CGROUPS.glob("*/gridle/*") if path.is_dir()]
