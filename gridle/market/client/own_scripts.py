"""Run the requestor's own scripts on the requestor's own machine, with limits.

These are not tasks: their author and the owner of this machine are the same person. What they
read (results) is hostile, so that they run apart from this process, isolated (`python -I`), with
a time limit.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_PASSED_ON = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR", "TEMP")
MAX_SAID_CHARS = 400


@dataclass(frozen=True)
class ScriptEnd:
    """How a script ended; `status` is None when it ran out of time."""

    status: int | None
    said: str
    """The first line that it printed, cleaned of control characters."""


class OwnScripts:
    """Runs scripts, and ends those that run when it is closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def run(self, script: Path, arguments: Sequence[str], *, limit_s: float) -> ScriptEnd:
        """Run a Python script in its own folder.

        Raises:
            OSError: it could not be started.
        """
        argv = [sys.executable, "-I", str(script), *arguments]
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        with tempfile.TemporaryFile() as said:
            process = self._start(argv, script.parent, environment, said.fileno())
            try:
                status: int | None = process.wait(limit_s)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                process.kill()
                process.wait()
                with self._lock:
                    self._running.discard(process)
            said.seek(0)
            return ScriptEnd(status, first_line(said.read(MAX_SAID_CHARS * 8)))

    def close(self) -> None:
        """End what runs; nothing starts after this."""
        with self._lock:
            self._closed = True
            for process in self._running:
                process.kill()

    def _start(
        self, argv: list[str], folder: Path, environment: dict[str, str], output: int
    ) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise InterruptedError("closed")
            process = subprocess.Popen(
                argv,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            self._running.add(process)
            return process


def first_line(untrusted_output: bytes) -> str:
    """Return the first line with something on it, printable and not too long."""
    for line in untrusted_output.decode("utf-8", "replace").splitlines():
        clean = "".join(char for char in line if unicodedata.category(char)[0] != "C").strip()
        if clean:
            return clean[:MAX_SAID_CHARS]
    return ""
