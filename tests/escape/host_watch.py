"""Watches this machine while tasks attack it."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from pathlib import Path

from tests.escape.doors import Doors

NOBODY_ID = 65534
MOUNT_MARK = "gridle-escape"
"""What every mount of the hostile program is called."""
_SETTINGS = ("kernel/core_pattern", "kernel/hostname", "kernel/panic", "vm/overcommit_memory")
_CLOCK_SLACK_S = 1.0


class HostWatch:
    """Holds things worth attacking: a secret in a file, in the environment and in a program."""

    def __init__(self, folder: Path) -> None:
        self.secret = secrets.token_hex(16)
        self.secret_file = folder / "secret.txt"
        self.secret_file.write_text(self.secret)
        self.secret_file.chmod(0o644)
        self.folder = folder
        self.doors = Doors()
        os.environ["GRIDLE_ESCAPE_OWNER"] = self.secret
        task_id = NOBODY_ID if os.geteuid() == 0 else None
        self.canary = subprocess.Popen(
            ["sleep", "3600"], cwd="/", start_new_session=True, user=task_id, group=task_id
        )
        """Of the same user as every task: a signal that leaves a fence would arrive."""
        self._settings = self._read_settings()
        self._clock = time.time() - time.monotonic()

    def check(self, *, log: str, out: Path) -> None:
        """Fail where this machine was harmed, or its secret told."""
        assert self.canary.poll() is None, "a program of the host was ended"
        assert _state(self.canary.pid) == "S", "a program of the host was stopped"
        assert self.secret_file.read_text() == self.secret
        assert self._read_settings() == self._settings
        assert abs(time.time() - time.monotonic() - self._clock) < _CLOCK_SLACK_S
        mounts = Path("/proc/self/mountinfo").read_text("utf-8", "replace")
        assert MOUNT_MARK not in mounts
        assert self.secret not in log
        for path in out.iterdir() if out.exists() else []:
            if path.is_file() and not path.is_symlink() and path.stat().st_size < 2**20:
                assert self.secret.encode() not in path.read_bytes()

    def end(self) -> None:
        self.canary.kill()
        self.canary.wait()
        self.doors.close()
        del os.environ["GRIDLE_ESCAPE_OWNER"]

    @staticmethod
    def _read_settings() -> list[str]:
        found = [Path("/proc/sys", name).read_text("utf-8", "replace") for name in _SETTINGS]
        return [*found, socket.gethostname()]


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def veiled(needle: str) -> str:
    """Return a needle as the program wants it: found in no argument of its own."""
    return "".join(chr(ord(char) + 1) for char in needle)
