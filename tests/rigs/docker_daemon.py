"""A Docker daemon of a test's own: its own images, its own socket, nothing of the machine's."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START_TIMEOUT_S = 90.0
_STOP_TIMEOUT_S = 30.0


def is_installed() -> bool:
    """Whether this machine has daemon and client, and may run the daemon."""
    return all(shutil.which(each) for each in ("dockerd", "docker")) and os.geteuid() == 0


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run a daemon over `folder`; yields what `DOCKER_HOST` is to be."""
    host = f"unix://{folder}/d.sock"
    log = folder / "log"
    command = [
        "dockerd", "--host", host, "--pidfile", str(folder / "pid"),
        "--data-root", str(folder / "data"), "--exec-root", str(folder / "exec"),
        "--iptables=false", "--ip6tables=false", "--bridge=none",
    ]  # fmt: skip
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, stdout=errors, stderr=errors) as process,
    ):
        try:
            _wait_until_it_listens(host, process, log)
            yield host
        finally:
            process.terminate()
            process.wait(_STOP_TIMEOUT_S)


def _wait_until_it_listens(host: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Ask it until it answers; the client itself waits a little for each answer."""
    command = ["docker", "--host", host, "version", "--format", "{{.Server.Version}}"]
    for _ in range(int(_START_TIMEOUT_S)):
        done = subprocess.run(command, capture_output=True, timeout=_START_TIMEOUT_S, check=False)
        if done.returncode == 0:
            return
        try:
            process.wait(0.5)
        except subprocess.TimeoutExpired:
            continue
        break
    raise AssertionError(log.read_text()[-4000:])
