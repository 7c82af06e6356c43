"""A small internet of network namespaces: this machine, and behind its router a public server.

The machine's side is the namespace in which the proxy runs (`prefix`). The names come from a hosts
file of its own, which `ip netns exec` mounts over /etc/hosts: nothing of the product is replaced.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.rigs import net_servers

PUBLIC = "93.184.215.14"
OTHER = "93.184.215.15"
ROUTER = "10.99.7.2"
MACHINE = "10.99.7.1"
METADATA = "169.254.169.254"
NEIGHBOUR = "93.184.100.2"
"""A public address of the machine's own network, as homes have with IPv6."""
HOSTS = {
    "api.example.org": (PUBLIC,),
    "lan.example.org": (ROUTER,),
    "own.example.org": ("127.0.0.1",),
    "meta.example.org": (METADATA,),
    "mixed.example.org": (PUBLIC, ROUTER),
    "neighbour.example.org": (NEIGHBOUR,),
    "other.example.org": (OTHER,),
}


@dataclass(frozen=True)
class World:
    """`prefix` runs a program on the machine's side."""

    prefix: tuple[str, ...]


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=30)


@contextmanager
def world() -> Iterator[World]:
    """Make it, and take it away."""
    name = f"gridle-{secrets.token_hex(4)}"
    here, there = f"{name}-a", f"{name}-b"
    folder = Path("/etc/netns") / here
    servers = []
    try:
        for space in (here, there):
            run("ip", "netns", "add", space)
            run("ip", "-n", space, "link", "set", "lo", "up")
        _connect(here, there)
        folder.mkdir(parents=True)
        lines = [f"{address} {host}\n" for host, found in HOSTS.items() for address in found]
        (folder / "hosts").write_text("".join(lines))
        (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        (folder / "nsswitch.conf").write_text("hosts: files\n")
        outside = [f"{PUBLIC}:80", f"{PUBLIC}:443", f"{PUBLIC}:22", f"{OTHER}:80"]
        inside = [f"{each}:80" for each in (ROUTER, METADATA, NEIGHBOUR)]
        servers.append(_serve(there, *outside, *inside))
        servers.append(_serve(here, "127.0.0.1:80", f"{MACHINE}:80"))
        yield World(("ip", "netns", "exec", here))
    finally:
        for server in servers:
            server.kill()
            server.communicate()
        for space in (here, there):
            subprocess.run(["ip", "netns", "del", space], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # others are in it
            folder.parent.rmdir()


def _connect(here: str, there: str) -> None:
    run(
        "ip", "-n", here, "link", "add", "out", "type", "veth", "peer", "name", "in", "netns", there
    )
    for space, link, *addresses in (
        (here, "out", f"{MACHINE}/30", "93.184.100.1/24"),
        (there, "in", f"{ROUTER}/30", f"{NEIGHBOUR}/24", f"{METADATA}/32"),
        (there, "lo", f"{PUBLIC}/32", f"{OTHER}/32"),
    ):
        for address in addresses:
            run("ip", "-n", space, "addr", "add", address, "dev", link)
        run("ip", "-n", space, "link", "set", link, "up")
    run("ip", "-n", here, "route", "add", "default", "via", ROUTER)
    run("ip", "-n", here, "route", "add", f"{METADATA}/32", "via", ROUTER)


def _serve(space: str, *names: str) -> subprocess.Popen[str]:
    command = [
        "ip",
        "netns",
        "exec",
        space,
        sys.executable,
        str(Path(net_servers.__file__)),
        *names,
    ]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    assert server.stdout.readline() == "serving\n"
    return server
