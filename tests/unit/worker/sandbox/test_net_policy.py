from __future__ import annotations

import ipaddress
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.market.protocol.manifest import HostName
from gridle.worker.sandbox.net_policy import is_public, may_reach, neighbourhood, public_name

BLOCKED = """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255
    127.0.0.1 127.255.255.255 168.63.129.16 169.254.0.1 169.254.169.254 169.254.170.2
    172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1
    192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1
    239.255.255.250 240.0.0.1 255.255.255.255
    :: ::1 ::127.0.0.1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 ::ffff:169.254.169.254 ::ffff:0:8.8.8.8
    64:ff9b::10.0.0.1 64:ff9b::7f00:1 64:ff9b::169.254.169.254 64:ff9b:1::8.8.8.8
    100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:10::1 2001:20::1 2001:db8::1
    2002:0a00:0001::1 2002:7f00:1::1 2002:808:808::1 2620:4f:8000::1 3ffe::1 3fff::1 5f00::1
    fc00::1 fd00:ec2::254 fd00::1 fe80::1 fec0::1 ff02::1 ff0e::1
"""
PUBLIC = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 93.184.215.14 100.63.255.255 100.128.0.0
    126.255.255.255 128.0.0.1 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0
    192.0.1.1 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
    2001:4860:4860::8888 2606:4700::1111 2a00:1450:4001::1 2400:cb00::1 64:ff9b::8.8.8.8
"""

NO_NAMES = """
    localhost LOCALHOST localhost. a.localhost localhost.localdomain printer.local nas.lan
    metadata.google.internal a.internal. router.home.arpa 1.0.0.127.in-addr.arpa x.onion x.test
    x.invalid x.corp x.home x.intranet single 127.0.0.1 127.1 127.0.0.0x1 0x7f000001 2130706433
    0177.0.0.1 1.2.3 [::1] ::1 fe80::1 example.org.. .example.org example..org -a.example.org
    a-.example.org a_b.example.org *.example.org example.org:80 user@example.org example.org/
    example.org%00 bücher.example.com example.org。 exаmple.org
"""


@pytest.mark.parametrize("address", BLOCKED.split())
def test_addresses_that_no_task_reaches(address: str) -> None:
    assert not is_public(address)
    assert not may_reach([address], ())
    assert not may_reach(["8.8.8.8", address], ())


@pytest.mark.parametrize("address", PUBLIC.split())
def test_addresses_of_the_public_internet(address: str) -> None:
    assert is_public(address)
    assert may_reach([address], ())


@pytest.mark.parametrize(
    "text",
    ["", "localhost", "0x7f.1", "2130706433", "0177.0.0.1", "127.1", "8.8.8.8 ", "8.8.8.8/32",
     "fe80::1%eth0", "2606:4700::1%1", "[2606:4700::1]", "1.1.1.1\n", "１.1.1.1"],
)  # fmt: skip
def test_what_is_no_plain_address_is_not_public(text: str) -> None:
    assert not is_public(text)


@given(st.ip_addresses(v=4))
def test_nothing_is_public_that_the_registry_calls_special(address: ipaddress.IPv4Address) -> None:
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved


@given(st.ip_addresses(v=6))
def test_nothing_of_ipv6_is_public_beyond_what_is_given_out(address: ipaddress.IPv6Address) -> None:
    if is_public(address):
        assert address in ipaddress.ip_network("2000::/3") or address in ipaddress.ip_network(
            "64:ff9b::/96"
        )
        assert address.is_global
        assert address.ipv4_mapped is None
        assert address.sixtofour is None
        assert address.teredo is None


@given(st.ip_addresses(v=4))
def test_ipv4_in_ipv6_is_never_more_than_in_ipv4(address: ipaddress.IPv4Address) -> None:
    assert is_public(f"64:ff9b::{address}") == is_public(address)
    for disguise in ("::ffff:", "::ffff:0:", "::", "64:ff9b:1::"):
        assert not is_public(f"{disguise}{address}")
    assert not is_public(ipaddress.IPv6Address((0x2002 << 112) | (int(address) << 80)))


@given(st.lists(st.ip_addresses().map(str), max_size=5))
def test_all_addresses_must_be_public(addresses: list[str]) -> None:
    assert may_reach(addresses, ()) == (bool(addresses) and all(map(is_public, addresses)))


def test_this_machines_own_networks_are_out_of_reach_although_public() -> None:
    around = neighbourhood([
        ("93.184.100.1", 24), ("2a00:1450:1:2::7", 64), ("fe80::1", 64), ("nonsense", 1),
        ("5.6.7.8", 99),
    ])  # fmt: skip
    assert not may_reach(["93.184.100.200"], around)
    assert not may_reach(["64:ff9b::93.184.100.200"], around)
    assert not may_reach(["2a00:1450:1:2::1"], around)
    assert not may_reach(["2a00:1450:1:ffff::1"], around)  # another segment of the same home
    assert may_reach(["93.184.101.1", "2a00:1450:2::1", "5.6.7.8"], around)


def test_names_are_compared_in_one_spelling() -> None:
    assert public_name("API.Example.ORG.") == "api.example.org"
    assert public_name("xn--bcher-kva.example.com") == "xn--bcher-kva.example.com"


@pytest.mark.parametrize("name", NO_NAMES.split())
def test_names_that_no_task_reaches(name: str) -> None:
    assert public_name(name) is None


@pytest.mark.parametrize(
    "name", ["", " ", "a.org ", " a.org", "a.org\n", "a.org\0", "a" * 64 + ".org"]
)
def test_names_with_something_around_them(name: str) -> None:
    assert public_name(name) is None


@given(st.from_regex(re.compile(r"[a-z0-9.-]{1,40}", re.ASCII), fullmatch=True) | st.text())
def test_a_public_name_is_always_one_that_a_manifest_may_hold(name: str) -> None:
    found = public_name(name)
    if found is not None:
        assert msgspec.convert(found, HostName) == found
        assert public_name(found) == found
