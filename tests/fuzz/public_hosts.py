"""Names and addresses to which a task would like to connect."""

from __future__ import annotations

import ipaddress

from gridle.worker.sandbox.net_policy import is_public, may_reach, neighbourhood, public_name
from tests.fuzz.bounds import bounded

SEEDS = (
    b"data.example.org", b"1.1.1.1", b"2606:4700::1111", b"64:ff9b::a00:1", b"::ffff:10.0.0.1",
    b"fe80::1%eth0", b"0x7f.1", b"2130706433", b"a.local", b"xn--e1afmkfd.example", b"8.8.8.8/24",
)  # fmt: skip
TOKENS = (
    b".", b"::", b"%", b"10.", b"127.0.0.1", b"169.254.169.254", b"192.168.", b"64:ff9b::",
    b"2002:", b"localhost", b"\xc2\xad", b"\xe3\x80\x82", b"-", b"0", b"/", b"\n", b"2001:0:",
    b"fc00::",
)  # fmt: skip
_AROUND = neighbourhood([("203.0.114.7", 24), ("2a02:1234:5678::1", 64), ("fe80::1%lo", 64)])


def one_input(data: bytes) -> None:
    """No name is an address; no public address is one that the standard library thinks private."""
    text = data.decode("utf-8", "surrogateescape")
    with bounded(data):
        name = public_name(text)
        public = is_public(text)
        reachable = may_reach([text], _AROUND)
    if name is not None:
        assert name.isascii()
        assert public_name(name) == name
        assert not public
        assert _address(name) is None
    if public or reachable:
        found = _address(text)
        assert found is not None
        assert public
        assert not found.is_multicast
        in_nat64 = found in ipaddress.ip_network("64:ff9b::/96") if found.version == 6 else False
        assert found.is_global or in_nat64
        assert not (reachable and any(found in each for each in _AROUND))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
