"""Where the message buses of this machine listen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket"
_ESCAPED = re.compile("%([0-9A-Fa-f]{2})")


def system_bus_address(environment: Mapping[str, str]) -> str:
    """Return the address of the bus of system services (D-Bus specification, well-known buses)."""
    return environment.get("DBUS_SYSTEM_BUS_ADDRESS") or _SYSTEM_BUS


def session_bus_address(environment: Mapping[str, str]) -> str | None:
    """Return the address of the bus of the user's programs; None where there is no session.

    Where the variable is not set (a service, an SSH session), systemd's user bus stands in the
    user's run-time directory.
    """
    told = environment.get("DBUS_SESSION_BUS_ADDRESS")
    if told:
        return told
    run_time = environment.get("XDG_RUNTIME_DIR")
    if run_time and (Path(run_time) / "bus").is_socket():
        return f"unix:path={run_time}/bus"
    return None


def socket_names(address: str) -> tuple[str, ...]:
    """Return the names of Unix sockets that `address` lists, abstract ones with their null byte.

    Other transports, and what cannot be read, are left out.
    """
    names = []
    for listed in address.split(";"):
        transport, _, text = listed.partition(":")
        if transport != "unix":
            continue
        keys = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
        if "path" in keys:
            names.append(_plain(keys["path"]))
        elif "abstract" in keys:
            names.append("\0" + _plain(keys["abstract"]))
    return tuple(names)


def _plain(escaped: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), escaped)
