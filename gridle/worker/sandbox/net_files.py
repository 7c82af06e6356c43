"""What an engine reads when it starts a task beside a proxy; written into the task's folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_AF_INET = 2
_SOCK_STREAM = 1
_IPPROTO_TCP = 6
_KIND = 0xF
"""socket(2): the type without its flags."""
_TCP_SOCKET: dict[str, Any] = {
    "comment": "TCP over IPv4, to reach the proxy; no datagrams, raw sockets, or other protocols.",
    "names": ["socket"],
    "action": "SCMP_ACT_ALLOW",
    "args": [
        {"index": 0, "value": _AF_INET, "op": "SCMP_CMP_EQ"},
        {"index": 1, "value": _KIND, "valueTwo": _SOCK_STREAM, "op": "SCMP_CMP_MASKED_EQ"},
        {"index": 2, "value": _IPPROTO_TCP, "op": "SCMP_CMP_LE"},  # 0 means TCP too
    ],
}


def networked_profile(profile: Path, folder: Path) -> Path:
    """Write the profile of a networked task into its folder; return where.

    Raises:
        OSError: it cannot be written.
    """
    rules = json.loads(profile.read_text("utf-8"))
    rules["syscalls"].append(_TCP_SOCKET)
    path = folder / "seccomp.json"
    path.write_text(json.dumps(rules), "utf-8")
    return path


def networked_settings(folder: Path) -> Path:
    """Write what a rootless Podman needs (containers.conf(5)); return where.

    By default it sets `net.*` values in every container's namespace. In one that it did not make
    itself it may not, and then starts nothing.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / "containers.conf"
    path.write_text("[containers]\ndefault_sysctls = []\n", "utf-8")
    return path
