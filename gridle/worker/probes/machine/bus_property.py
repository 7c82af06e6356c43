"""One property of a service on a message bus, always known and never waited for.

Source: D-Bus specification, org.freedesktop.DBus.Properties.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from gridle.worker.probes.dbus.bus import Bus
from gridle.worker.probes.dbus.service import (
    Body,
    Call,
    Interest,
    Service,
    Signal,
    properties,
    typed,
    variant,
)

T = TypeVar("T")
_PROPERTIES = "org.freedesktop.DBus.Properties"


@dataclass(frozen=True)
class PropertyAddress:
    """Where a property stands."""

    service: str
    path: str
    interface: str
    name: str


NETWORK_METERED = PropertyAddress(
    "org.freedesktop.NetworkManager",
    "/org/freedesktop/NetworkManager",
    "org.freedesktop.NetworkManager",
    "Metered",
)
METERED = (1, 3)
"""Yes, and guessed yes (NetworkManager's D-Bus reference, NMMetered)."""
POWER_PROFILES = (
    PropertyAddress(
        "net.hadess.PowerProfiles",
        "/net/hadess/PowerProfiles",
        "net.hadess.PowerProfiles",
        "ActiveProfile",
    ),
    PropertyAddress(
        "org.freedesktop.UPower.PowerProfiles",
        "/org/freedesktop/UPower/PowerProfiles",
        "org.freedesktop.UPower.PowerProfiles",
        "ActiveProfile",
    ),
)
"""The daemon's old name and the one it has had since its version 0.20."""
POWER_SAVER = "power-saver"


class BusProperty(Generic[T]):
    """Follows a property; its `value` is None where the service is not there, or talks nonsense."""

    def __init__(self, address: PropertyAddress, kind: type[T]) -> None:
        self.value: T | None = None  # swapped whole, so that readers need no lock
        self._address = address
        self._kind = kind
        self._service: Service | None = None
        self._on_change: Callable[[], None] = lambda: None

    def follow(self, bus: Bus, on_change: Callable[[], None]) -> None:
        """Begin; `on_change` comes on the thread of the bus."""
        self._on_change = on_change
        address = self._address
        changed = Interest(_PROPERTIES, "PropertiesChanged", address.path, address.interface)
        bus.listen(address.service, (changed,), self)

    def appeared(self, service: Service) -> None:
        """Ask for the value."""
        self._service = service
        self._ask()

    def heard(self, signal: Signal) -> None:
        """Take the value out of the change, or ask where only its change is told."""
        body = signal.body
        if self._address.name in properties(body[1:2]):
            told = body[1][self._address.name]
            self._take(variant((told,), self._kind))
        elif self._address.name in (typed(body[2:3], tuple[list[str]]) or ([],))[0]:
            self._ask()

    def gone(self) -> None:
        """Forget the value."""
        self._service = None
        self._take(None)

    def _ask(self) -> None:
        if self._service is not None:
            target = (self._address.interface, self._address.name)
            get = Call(self._address.path, _PROPERTIES, "Get", "ss", target)
            self._service.call(get, self._answered)

    def _answered(self, body: Body | None) -> None:
        self._take(variant(body, self._kind))

    def _take(self, value: Any) -> None:  # noqa: ANN401 - T or None, checked by `variant`
        if value != self.value:
            self.value = value
            self._on_change()
