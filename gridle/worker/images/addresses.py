"""Where a registry may send us: public addresses over HTTPS, and near ones only if it is near too.

A registry is named by a stranger, and it may redirect. Without these rules its answers would turn
this machine into a probe of the owner's home network (server-side request forgery).
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

Resolve = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a host. Raises OSError where it has none."""

_MAX_URL_CHARS = 8192
"""Storage services sign whole policies into the addresses that registries redirect to."""
_URL = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|[0-9a-f:]{2,45}")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LOCAL_NAME = "localhost"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class PlaceError(ValueError):
    """This address is not gone to; the text says why, in English, for a longer sentence."""


@dataclass(frozen=True)
class Place:
    """A URL that was read strictly."""

    scheme: str
    host: str
    port: int
    target: str
    """Path and query, as a request's first line has them."""

    @property
    def authority(self) -> str:
        """Host and port, as the `Host` header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole of it."""
        return f"{self.scheme}://{self.authority}{self.target}"

    def joined(self, untrusted_reference: str) -> Place:
        """Return the place that this one refers to.

        Raises:
            PlaceError: it is no URL that is gone to.
        """
        return read_url(urljoin(self.url, _plain(untrusted_reference)))


_PORTS = {"https": 443, "http": 80}


def read_url(untrusted_url: str) -> Place:
    """Read a URL strictly: https, or http to this machine itself; no user, no fragment.

    Raises:
        PlaceError: it is something else.
    """
    try:
        parts = urlsplit(_plain(untrusted_url))
        port = parts.port
    except ValueError as error:
        raise PlaceError("it names no valid address") from error
    host = (parts.hostname or "").lower()
    if parts.scheme not in _PORTS or "@" in parts.netloc or not _HOST.fullmatch(host):
        raise PlaceError("it names no valid https address")
    if parts.scheme == "http" and not is_here(host):
        raise PlaceError("it would send without encryption")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(parts.scheme, host, port or _PORTS[parts.scheme], target)


def _plain(untrusted_url: str) -> str:
    if len(untrusted_url) > _MAX_URL_CHARS or not _URL.fullmatch(untrusted_url):
        raise PlaceError("it names no valid address")
    return untrusted_url


def is_here(host: str) -> bool:
    """Whether a host name is plainly this machine: `localhost`, or a loopback address."""
    address = _literal(host)
    return host == _LOCAL_NAME if address is None else address.is_loopback


def is_near(url: str) -> bool:
    """Whether a URL plainly names this machine or the owner's own network."""
    host = urlsplit(url).hostname or ""
    address = _literal(host)
    return host == _LOCAL_NAME if address is None else _is_near(address)


def reachable(place: Place, addresses: Sequence[str], *, near: bool) -> tuple[str, ...]:
    """Return the addresses to try. One that is forbidden forbids all: a name must not be two.

    `near`: the owner's own network is allowed (the registry itself is there, and may be).

    Raises:
        PlaceError: it leads to where nothing is fetched from.
    """
    for each in addresses:
        address = _without_disguise(ipaddress.ip_address(each.partition("%")[0]))
        if not (_is_public(address) or (near and _is_near(address))):
            raise PlaceError("it leads into a private network")
    if not addresses:
        raise PlaceError(f"{place.host} has no address")
    return tuple(addresses)


def leads_near(addresses: Sequence[str]) -> bool:
    """Whether one of these addresses is of this machine or the owner's own network."""
    return any(_is_near(_without_disguise(ipaddress.ip_address(each))) for each in addresses)


def resolve(host: str, port: int) -> tuple[str, ...]:
    """Ask this system for a host's addresses (blocks for up to some seconds).

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _without_disguise(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, where it stands for one."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_near(address: Address) -> bool:
    """Never link-local ones: the metadata services of clouds are there."""
    if address.is_link_local or address.is_unspecified or address.is_multicast:
        return False
    return address.is_loopback or (address.is_private and not address.is_reserved)
