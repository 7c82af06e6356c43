"""The fence around the proxy's process, tried by a process that put it on."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

_VERSION = ctypes.CDLL(None).syscall(444, None, 0, 1)
"""Of Landlock (landlock_create_ruleset(2)); negative where the kernel has none."""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to give away")


def fenced(code: str) -> str:
    """Run code behind the fence; return what it says."""
    script = (
        "import os, socket, sys\n"
        "from gridle.worker.sandbox.net_fence import confine\n"
        "socket.getaddrinfo('127.0.0.1', 80)\n"
        "confine()\n"
        "def tried(what):\n"
        "    try:\n"
        "        what()\n"
        "    except OSError as error:\n"
        "        return error.errno\n"
        "    return 0\n"
        f"print({code})\n"
    )
    root = str(Path(__file__).resolve().parents[4])
    command = [sys.executable, "-c", script]
    environment = {**os.environ, "PYTHONPATH": root}
    done = subprocess.run(
        command, capture_output=True, check=True, text=True, env=environment, timeout=60
    )
    return done.stdout.strip()


def test_root_is_gone_for_ever() -> None:
    assert fenced("[os.getresuid(), os.getresgid(), os.getgroups()]") == (
        "[(65534, 65534, 65534), (65534, 65534, 65534), []]"
    )
    assert fenced("tried(lambda: os.setuid(0))") == str(errno.EPERM)


@pytest.mark.skipif(_VERSION < 1, reason="this kernel has no Landlock")
def test_files_that_everybody_may_read_are_closed_too(tmp_path: Path) -> None:
    open_to_all = Path("/tmp") / tmp_path.name  # noqa: S108 - a folder that nobody may enter
    open_to_all.write_text("x")
    open_to_all.chmod(0o666)
    try:
        for mode in ("r", "a"):
            told = fenced(f"tried(lambda: open({str(open_to_all)!r}, {mode!r}))")
            assert told == str(errno.EACCES)
        assert fenced("tried(lambda: open('/etc/hosts').read())") == "0"
        assert fenced("tried(lambda: os.listdir('/'))") == str(errno.EACCES)
    finally:
        open_to_all.unlink()


@pytest.mark.skipif(_VERSION < 4, reason="this kernel's Landlock knows no ports")
def test_only_the_ports_of_the_web_can_be_connected_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        socket.create_connection(address).close()
        told = fenced(f"tried(lambda: socket.create_connection({address!r}))")
        assert told == str(errno.EACCES)
    told = fenced("tried(lambda: socket.create_connection(('127.0.0.1', 443)))")
    assert told == str(errno.ECONNREFUSED)
    told = fenced("tried(lambda: socket.create_server(('127.0.0.1', 0)))")
    assert told == str(errno.EACCES)
