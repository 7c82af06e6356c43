from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.images.addresses import (
    Place,
    PlaceError,
    is_here,
    is_near,
    leads_near,
    reachable,
    read_url,
)

SOMEWHERE = Place("https", "registry.example", 443, "/v2/")
NEVER = [
    "169.254.169.254", "fe80::1", "fe80::1%eth0", str(ipaddress.IPv4Address(0)), "::",
    "224.0.0.1", "ff02::1",
    "255.255.255.255", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
    "240.0.0.1",
]  # fmt: skip
NEAR = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "::1", "fd00::1", "::ffff:192.168.1.1",
    "64:ff9b::c0a8:101", "2002:7f00:1::1",
]  # fmt: skip
PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"]


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("near", [False, True])
def test_some_addresses_are_never_gone_to(address: str, *, near: bool) -> None:
    with pytest.raises(PlaceError, match="private"):
        reachable(SOMEWHERE, [address], near=near)
    assert not leads_near([address.partition("%")[0]])


@pytest.mark.parametrize("address", NEAR)
def test_near_ones_only_where_that_is_allowed(address: str) -> None:
    assert reachable(SOMEWHERE, [address], near=True) == (address,)
    assert leads_near([address])
    with pytest.raises(PlaceError, match="private"):
        reachable(SOMEWHERE, [address], near=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_ones_always(address: str) -> None:
    assert reachable(SOMEWHERE, [address], near=False) == (address,)
    assert not leads_near([address])


def test_one_bad_address_makes_a_name_bad() -> None:
    with pytest.raises(PlaceError, match="private"):
        reachable(SOMEWHERE, [*PUBLIC, "10.0.0.1"], near=False)
    with pytest.raises(PlaceError, match="no address"):
        reachable(SOMEWHERE, [], near=False)


@given(st.ip_addresses())
def test_no_address_is_both_public_and_near(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    try:
        reachable(SOMEWHERE, [str(address)], near=False)
    except PlaceError:
        return
    assert not leads_near([str(address)])


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://Registry.Example/v2/?a=b", Place("https", "registry.example", 443, "/v2/?a=b")),
        ("https://x.example:5000", Place("https", "x.example", 5000, "/")),
        ("http://127.0.0.1:5000/v2/", Place("http", "127.0.0.1", 5000, "/v2/")),
        ("http://[::1]:5000/", Place("http", "::1", 5000, "/")),
        ("http://localhost/", Place("http", "localhost", 80, "/")),
    ],
)
def test_urls_are_read(url: str, place: Place) -> None:
    assert read_url(url) == place
    assert read_url(place.url) == place


@pytest.mark.parametrize(
    "url",
    [
        "", "registry.example", "http://registry.example/", "http://10.0.0.1/", "ftp://x.example/",
        "https://", "https:///x", "https://a@b/", "https://a:b@c.example/", "https://x.example:x/",
        "https://x.example:99999/", "https://x_y/", "https://é.example/", "https://x .example/",
        "https://x.example/\n", "https://[::1/", "https://-x/", "https://x.example/" + "a" * 9000,
        "https://127.0.0.1\\@evil.example/",
    ],
)  # fmt: skip
def test_other_urls_are_not(url: str) -> None:
    with pytest.raises(PlaceError):
        read_url(url)


@given(st.text(max_size=60), st.sampled_from(["", "https://", "http://", "https://x.example/"]))
def test_no_text_makes_a_url_that_says_two_things(text: str, start: str) -> None:
    try:
        place = read_url(start + text)
    except PlaceError:
        return
    assert read_url(place.url) == place
    assert place.scheme == "https" or is_here(place.host)
    assert not any(each.isspace() for each in place.authority + place.target)


def test_a_redirect_is_read_from_where_it_was_given() -> None:
    assert SOMEWHERE.joined("blobs/x").url == "https://registry.example/v2/blobs/x"
    assert SOMEWHERE.joined("//cdn.example/x").url == "https://cdn.example/x"
    for bad in ("", "http://cdn.example/", "javascript:alert(1)", "https://@/"):
        with pytest.raises(PlaceError):
            SOMEWHERE.joined(bad)


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://localhost:1", True),
        ("https://192.168.1.5", True),
        ("https://market.example", False),
        ("https://93.184.216.34", False),
        ("https://169.254.1.1", False),
    ],
)
def test_where_a_market_is(url: str, *, near: bool) -> None:
    assert is_near(url) == near
