"""The connection that leads out of this machine: which interface, and of which kind."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gridle.worker.policy.limits import NetworkKind
from gridle.worker.policy.readings import Network
from gridle.worker.probes.machine.kernel_file import kernel_number, kernel_text

ROUTES = Path("/proc/net")
INTERFACES = Path("/sys/class/net")
_UP = 0x1
_REJECT = 0x200
_PPP = 512
"""ARPHRD_PPP of linux/if_arp.h: a modem's link."""
_IPV4_FIELDS = 8
_IPV6_FIELDS = 10


@dataclass(frozen=True, order=True)
class Route:
    """A default route; the smallest metric is taken first."""

    metric: int
    interface: str


def parse_ipv4_routes(text: str) -> list[Route]:
    """Return the default routes of /proc/net/route (proc(5)), best first."""
    return _default_routes(text.splitlines()[1:], _ipv4_route)


def parse_ipv6_routes(text: str) -> list[Route]:
    """Return the default routes of /proc/net/ipv6_route, best first."""
    return _default_routes(text.splitlines(), _ipv6_route)


def read_network(routes: Path = ROUTES, interfaces: Path = INTERFACES) -> Network:
    """Look at the default route; whether it is metered, the kernel does not know.

    A tunnel, such as a VPN's, says nothing of what it runs over: a route over a real card is
    preferred to it, and where there is none it counts as wired.
    """
    found = parse_ipv4_routes(kernel_text(routes / "route"))
    found += parse_ipv6_routes(kernel_text(routes / "ipv6_route"))
    up = [route for route in found if _carries(interfaces / route.interface)]
    if not up:
        return Network(connected=False)
    real = [route for route in up if _is_real(interfaces / route.interface)]
    return Network(kind=_kind(interfaces / (real or up)[0].interface), connected=True)


def _default_routes(lines: list[str], parse: Callable[[list[str]], Route | None]) -> list[Route]:
    routes: list[Route] = []
    for line in lines:
        with contextlib.suppress(ValueError):
            route = parse(line.split())
            routes += [] if route is None else [route]
    return sorted(routes)


def _ipv4_route(fields: list[str]) -> Route | None:
    if len(fields) < _IPV4_FIELDS or fields[1] != "0" * 8 or fields[7] != "0" * 8:
        return None
    return _route(fields[0], int(fields[3], 16), int(fields[6]))


def _ipv6_route(fields: list[str]) -> Route | None:
    if len(fields) < _IPV6_FIELDS or fields[0] != "0" * 32 or fields[1] != "00":
        return None
    return _route(fields[9], int(fields[8], 16), int(fields[5], 16))


def _route(interface: str, flags: int, metric: int) -> Route | None:
    usable = flags & _UP and not flags & _REJECT and interface != "lo"
    return Route(metric, interface) if usable else None


def _carries(interface: Path) -> bool:
    """Return whether the cable is in; an interface that does not say is taken to carry."""
    return kernel_number(interface / "carrier") != 0


def _is_real(interface: Path) -> bool:
    return (interface / "device").exists() or kernel_number(interface / "type") == _PPP


def _kind(interface: Path) -> NetworkKind:
    kind = _device_type(interface)
    if kind == "wlan" or (interface / "phy80211").exists() or (interface / "wireless").exists():
        return "wifi"
    if kind in ("wwan", "bluetooth") or kernel_number(interface / "type") == _PPP:
        return "mobile"
    return "wired"


def _device_type(interface: Path) -> str:
    for line in kernel_text(interface / "uevent").splitlines():
        if line.startswith("DEVTYPE="):
            return line.removeprefix("DEVTYPE=")
    return "wwan" if interface.name.startswith("wwan") else ""
