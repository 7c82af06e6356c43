"""Which hosts and addresses a task's proxy may ever connect to. Pure.

A name must be one that the manifest lists and that belongs to the public internet; every address
that it resolves to must be public too, and not one of the machine's own neighbourhood. Imports the
standard library alone: the proxy's process reads it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+(?=[a-z]){_LABEL}\Z")
"""RFC 1123, at least two labels. The last one begins with a letter, so nothing that a resolver
could take for an address (dotted, decimal, octal, hexadecimal) is a name."""
_NOT_PUBLIC_NAMES = frozenset(
    {
        "alt",  # RFC 9476: never in the DNS
        "arpa",  # the DNS's own workings; home.arpa is a home's network (RFC 8375)
        "corp", "home", "lan", "mail", "private",  # never delegated, since networks use them
        "internal",  # ICANN's for private use; clouds' metadata
        "intranet", "localdomain", "router",  # what routers call what is behind them
        "invalid", "localhost", "test",  # RFC 6761
        "local",  # RFC 6762: whoever on the local network answers first
        "onion",  # RFC 7686
    }
)  # fmt: skip

_BLOCKED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network (RFC 791); Linux takes 0.0.0.0 for itself
        "10.0.0.0/8",  # private (RFC 1918)
        "100.64.0.0/10",  # carriers' NAT (RFC 6598), with the metadata address 100.100.100.200
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's platform service, in spite of its public look
        "169.254.0.0/16",  # link-local (RFC 3927), with the metadata address 169.254.169.254
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments (RFC 6890), with a cloud's metadata
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.31.196.0/24",  # AS112 (RFC 7535): answered by whoever is near
        "192.52.193.0/24",  # AMT relays (RFC 7450)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112 (RFC 7534)
        "198.18.0.0/15",  # benchmarks (RFC 2544)
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, with broadcast
    )
)
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
"""All that IANA has given out; loopback, private, link-local, multicast, IPv4-mapped lie beyond."""
_BLOCKED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks (RFC 2928)
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4 (RFC 3056): an IPv4 address in disguise
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # the former test network, given back (RFC 3701)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: how IPv4 addresses look in networks that speak IPv6 alone."""
_SITE_BITS = 48
"""A home is given at most so large a part of IPv6 (RFC 6177): its other segments are in it too."""


def public_name(untrusted_name: str) -> str | None:
    """Return a host's name as it is compared; None unless it is a full name in the public DNS."""
    if len(untrusted_name) > 254 or not untrusted_name.isascii():  # noqa: PLR2004 - RFC 1035, and a dot
        return None
    name = untrusted_name.lower().removesuffix(".")
    if not _NAME.match(name) or name.rpartition(".")[2] in _NOT_PUBLIC_NAMES:
        return None
    return name


def is_public(untrusted_address: str | Address) -> bool:
    """Whether an address is of the public internet; none is that is malformed or has a zone."""
    try:
        address = ipaddress.ip_address(untrusted_address)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _BLOCKED_V4)
    if address.scope_id:
        return False
    if address in _NAT64:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _GLOBAL_V6 and not any(address in network for network in _BLOCKED_V6)


def neighbourhood(interfaces: Iterable[tuple[str, int]]) -> tuple[Network, ...]:
    """Return what is around this machine, by its interfaces' addresses and prefix lengths.

    Home networks often have public addresses, IPv6 nearly always: there the neighbours' devices,
    and this machine itself, look like any host of the internet.
    """
    around: set[Network] = set()
    for text, bits in interfaces:
        try:
            address = ipaddress.ip_address(text)
            own = min(bits, _SITE_BITS) if address.version == 6 else bits  # noqa: PLR2004 - IPv6
            around.add(ipaddress.ip_network((address, own), strict=False))
        except ValueError:
            continue  # a link-local one with its zone: blocked anyhow
    return tuple(sorted(around, key=str))


def may_reach(untrusted_addresses: Iterable[str], around: Iterable[Network]) -> bool:
    """Whether all addresses of a name may be connected to; one bad address condemns the name."""
    addresses, blocked = list(untrusted_addresses), list(around)
    if not addresses:
        return False
    for text in addresses:
        if not is_public(text):
            return False
        address = _embedded(ipaddress.ip_address(text))
        if any(address in network for network in blocked if network.version == address.version):
            return False
    return True


def _embedded(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address) and address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
