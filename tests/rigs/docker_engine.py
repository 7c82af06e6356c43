"""A Docker daemon of a test's own, in a folder of its own; root only, Linux only."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_READY_TIMEOUT_S = 60.0
_END_TIMEOUT_S = 30.0


def can_start() -> bool:
    """Whether this machine has the program, and this process the right to run it."""
    return shutil.which("dockerd") is not None and os.geteuid() == 0


@contextlib.contextmanager
def docker_engine() -> Iterator[str]:
    """Start one and yield its address, for DOCKER_HOST; nothing of it stays."""
    folder = Path(tempfile.mkdtemp(prefix="gridle-docker-"))  # a socket's path must be short
    address = f"unix://{folder}/d.sock"
    (folder / "daemon.json").write_text(json.dumps(_settings()))
    command = ["dockerd", "--config-file", str(folder / "daemon.json"), "--host", address]
    command += ["--data-root", str(folder / "data"), "--exec-root", str(folder / "exec")]
    command += ["--pidfile", str(folder / "pid")]
    # it touches none of the machine's network, and every task runs without one anyway
    command += ["--iptables=false", "--ip6tables=false", "--bridge=none"]
    daemon = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        _await_ready(daemon)
        yield address
    finally:
        daemon.terminate()
        daemon.wait(timeout=_END_TIMEOUT_S)
        shutil.rmtree(folder)


def _settings() -> dict[str, object]:
    gvisor = shutil.which("runsc")
    runtimes = {"runsc": {"path": gvisor, "runtimeArgs": ["--network=none"]}} if gvisor else {}
    return {"runtimes": runtimes}


def _await_ready(daemon: subprocess.Popen[str]) -> None:
    assert daemon.stderr is not None
    ready = threading.Event()
    threading.Thread(target=_read, args=(daemon.stderr, ready), daemon=True).start()
    assert ready.wait(_READY_TIMEOUT_S), "the Docker daemon did not start"


def _read(words: IO[str], ready: threading.Event) -> None:
    with words:
        for line in words:
            if "API listen on" in line:
                ready.set()
