"""The way out is the default route's, and its kind that of the card beneath."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridle.worker.policy.readings import Network
from gridle.worker.probes.machine.network import (
    Route,
    parse_ipv4_routes,
    parse_ipv6_routes,
    read_network,
)

HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT"
ANYWHERE = "0" * 32


def ipv4(interface: str, metric: int = 100, flags: int = 3, mask: str = "00000000") -> str:
    return f"{interface}\t00000000\t0101A8C0\t{flags:04X}\t0\t0\t{metric}\t{mask}\t0\t0\t0"


def ipv6(interface: str, metric: int = 0x400, flags: int = 3, destination: str = ANYWHERE) -> str:
    return (
        f"{destination} 00 {ANYWHERE} 00 fe80{'0' * 28} {metric:08x} 00000001 00000000 "
        f"{flags:08x} {interface:>8}"
    )


class Machine:
    """A made-up /proc/net and /sys/class/net."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.joinpath("routes").mkdir()
        self.routes()

    def routes(self, *lines: str, six: tuple[str, ...] = ()) -> None:
        self._folder.joinpath("routes/route").write_text("\n".join((HEAD, *lines)) + "\n")
        self._folder.joinpath("routes/ipv6_route").write_text("\n".join(six) + "\n")

    def interface(
        self, name: str, *parts: str, real: bool = True, files: dict[str, str] | None = None
    ) -> None:
        folder = self._folder / "interfaces" / name
        folder.mkdir(parents=True)
        for part in (*parts, *(["device"] if real else [])):
            folder.joinpath(part).mkdir()
        for file_name, text in {"type": "1", "carrier": "1", **(files or {})}.items():
            folder.joinpath(file_name).write_text(text + "\n")

    def read(self) -> Network:
        return read_network(self._folder / "routes", self._folder / "interfaces")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("name", "parts", "files", "kind"),
    [
        ("enp3s0", (), {}, "wired"),
        ("wlp2s0", (), {"uevent": "DEVTYPE=wlan\nINTERFACE=wlp2s0"}, "wifi"),
        ("wlan0", ("wireless",), {}, "wifi"),
        ("wlan0", ("phy80211",), {}, "wifi"),
        ("wwp0s20f0u3", (), {"uevent": "DEVTYPE=wwan"}, "mobile"),
        ("wwan0", (), {}, "mobile"),
        ("ppp0", (), {"type": "512"}, "mobile"),
        ("bnep0", (), {"uevent": "DEVTYPE=bluetooth"}, "mobile"),
    ],
)
def test_the_kind_of_the_card(
    machine: Machine, name: str, parts: tuple[str, ...], files: dict[str, str], kind: str
) -> None:
    machine.interface(name, *parts, files=files)
    machine.routes(ipv4(name))
    assert machine.read() == Network(kind=kind, connected=True)  # type: ignore[arg-type]


def test_the_smallest_metric_leads(machine: Machine) -> None:
    machine.interface("wlan0", "wireless")
    machine.interface("eth0")
    machine.routes(ipv4("wlan0", 600), ipv4("eth0", 100))
    assert machine.read().kind == "wired"
    machine.routes(ipv4("wlan0", 50), ipv4("eth0", 100))
    assert machine.read().kind == "wifi"


def test_a_tunnel_is_what_it_runs_over(machine: Machine) -> None:
    machine.interface("tun0", real=False, files={"type": "65534"})
    machine.interface("wlan0", "wireless")
    machine.routes(ipv4("tun0", 50), ipv4("wlan0", 600))
    assert machine.read().kind == "wifi"
    machine.routes(ipv4("tun0", 50))
    assert machine.read() == Network(kind="wired", connected=True)


def test_a_route_without_a_cable_leads_nowhere(machine: Machine) -> None:
    machine.interface("eth0", files={"carrier": "0"})
    machine.routes(ipv4("eth0"))
    assert machine.read() == Network(connected=False)


def test_a_machine_without_a_way_out_is_not_connected(machine: Machine) -> None:
    machine.interface("eth0")
    assert not machine.read().connected
    machine.routes(ipv4("eth0", mask="00FFFFFF"), ipv4("eth0", flags=0x2), six=(ipv6("lo"),))
    assert not machine.read().connected


def test_a_machine_with_the_new_protocol_alone_is_connected(machine: Machine) -> None:
    machine.interface("wlan0", "wireless")
    machine.routes(six=(ipv6("lo", flags=0x200 | 1), ipv6("wlan0")))
    assert machine.read() == Network(kind="wifi", connected=True)


def test_lines_that_are_no_routes_are_passed_over() -> None:
    nonsense = "\n".join(
        (HEAD, "eth0", "eth0\t00000000\t0\tXX\t0\t0\tYY\t00000000", ipv4("eth1", 7))
    )
    assert parse_ipv4_routes(nonsense) == [Route(7, "eth1")]
    assert parse_ipv6_routes(f"x y z\n{ipv6('eth1', 7)}\n") == [Route(7, "eth1")]
    assert parse_ipv4_routes("") == []
