"""Ways out of the machine, and to the machine's own doors."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.escape.case import ABSENT, CONTAINERS, RUNC, Case
from tests.escape.conftest import Attacker, in_fences, rows

UNREACHED = ABSENT | {
    "Network unreachable",
    "Host is unreachable",
    "Connection refused",
    "Operation timed out",
    "Address not available",
    "Address family not supported by protocol",
    "Protocol not supported",
    "Socket type not supported",
    "No such device",
    "Invalid argument",  # gVisor's word for a family that it has not
}
METADATA = "169.254.169.254"


@dataclass(frozen=True)
class Doors:
    """Doors of this machine that no task may find; the kernel keeps who came."""

    tcp: socket.socket
    udp: socket.socket
    abstract: socket.socket
    name: str

    def visitors(self) -> list[str]:
        found = []
        for kind, door in (("tcp", self.tcp), ("udp", self.udp), ("abstract", self.abstract)):
            door.setblocking(False)  # noqa: FBT003 - the standard library's own signature
            try:
                if door is self.udp:
                    door.recv(512)
                else:
                    door.accept()[0].close()
            except BlockingIOError:
                continue
            found.append(kind)
        return found


@pytest.fixture
def doors(base: Path) -> Iterator[Doors]:
    with ExitStack() as stack:
        tcp = stack.enter_context(socket.socket())
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        for each in (tcp, udp):
            each.bind(("0.0.0.0", 0))  # noqa: S104 - an attack may come by any way
        name = f"gridle-{base.parent.name}-{base.name}"
        abstract.bind(f"\0{name}")
        tcp.listen()
        abstract.listen()
        made = Doors(tcp, udp, abstract, name)
        yield made
        assert made.visitors() == []


def _addresses() -> list[str]:
    """Return loopback and every other address of this machine."""
    by_name = psutil.net_if_addrs().values()
    return [each.address for found in by_name for each in found if each.family == socket.AF_INET]


@in_fences(*CONTAINERS)
def test_this_machine_and_its_network_are_not_reached(attacker: Attacker, doors: Doors) -> None:
    port = str(doors.tcp.getsockname()[1])
    arguments = ("connect", port, *_addresses(), "10.0.2.2", "192.168.0.1", "172.17.0.1")
    attacker.attack(Case("connect to loopback and the LAN", arguments, errors=UNREACHED))


@in_fences(*CONTAINERS)
def test_the_clouds_metadata_are_not_reached(attacker: Attacker, doors: Doors) -> None:
    del doors
    arguments = ("connect", "80", METADATA, "100.100.100.200", "192.0.0.192", "1.1.1.1")
    attacker.attack(Case("connect to metadata and the internet", arguments, errors=UNREACHED))


@in_fences(*CONTAINERS)
def test_no_name_is_resolved(attacker: Attacker, doors: Doors) -> None:
    port = str(doors.udp.getsockname()[1])
    attacker.attack(
        Case("ask a name server", ("ask-names", port, *_addresses()), errors=UNREACHED)
    )
    far = ("ask-names", "53", "127.0.0.53", "8.8.8.8", METADATA)
    attacker.attack(Case("ask a name server far away", far, errors=UNREACHED))


@in_fences(*CONTAINERS)
def test_sockets_of_this_machines_programs_are_not_there(
    attacker: Attacker, doors: Doors
) -> None:
    attacker.attack(Case("unix sockets", ("abstract", doors.name), errors=UNREACHED))


@in_fences(*CONTAINERS)
def test_interfaces_of_this_machine_are_not_seen(attacker: Attacker) -> None:
    names = [name for name in psutil.net_if_addrs() if name != "lo"]
    attacker.attack(Case("see network interfaces", ("interfaces", *names), errors=UNREACHED))


CASES = [
    Case("raw, packet, vsock and other families", ("families",), errors=UNREACHED),
    Case("load families by pairs of sockets", ("pairs",), fences=(RUNC,), errors=UNREACHED),
]


@rows(CASES)
def test_families_are_held(attacker: Attacker, case: Case) -> None:
    attacker.attack(case)
