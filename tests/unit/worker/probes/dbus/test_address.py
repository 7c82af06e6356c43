"""Addresses of buses, as the environment tells them."""

from __future__ import annotations

import pytest

from gridle.worker.probes.dbus.address import (
    session_bus_address,
    socket_names,
    system_bus_address,
)


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("unix:path=/run/user/1000/bus", ("/run/user/1000/bus",)),
        ("unix:path=/tmp/a%20b,guid=0123", ("/tmp/a b",)),  # noqa: S108 - never opened
        ("unix:abstract=hidden", ("\0hidden",)),
        ("tcp:host=localhost,port=1;unix:path=/a", ("/a",)),
        ("unix:path=/a;unix:path=/b", ("/a", "/b")),
        ("", ()),
        ("unix:", ()),
        ("nonsense", ()),
    ],
)
def test_only_unix_sockets_are_taken_from_an_address(address: str, names: tuple[str, ...]) -> None:
    assert socket_names(address) == names


def test_the_environment_names_the_system_bus_or_it_stands_where_it_always_does() -> None:
    assert system_bus_address({"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/mine"}) == "unix:path=/mine"
    assert system_bus_address({}) == "unix:path=/run/dbus/system_bus_socket"


def test_a_session_without_a_bus_has_none() -> None:
    assert session_bus_address({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/mine"}) == "unix:path=/mine"
    assert session_bus_address({}) is None
    assert session_bus_address({"XDG_RUNTIME_DIR": "/nowhere"}) is None
