"""Whether the user's own screen is locked, as the desktop's screen saver tells."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from gridle.worker.probes.dbus.bus import Bus
from gridle.worker.probes.dbus.service import Body, Call, Interest, Service, Signal, typed

_SAVERS = (
    ("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver"),
    ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"),
    ("org.cinnamon.ScreenSaver", "/org/cinnamon/ScreenSaver"),
    ("org.mate.ScreenSaver", "/org/mate/ScreenSaver"),
    ("org.xfce.ScreenSaver", "/org/xfce/ScreenSaver"),
)
"""All speak the same interface, each under a name of its own."""


class Lock(Protocol):
    """One way to see that the user's own session is locked."""

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin; `on_change` comes from any thread when it locks or unlocks."""

    def locked_for_s(self) -> float | None:
        """Return for how long it has been locked; None where it is not, or nobody tells."""

    def close(self) -> None:
        """Stop watching."""


class LockClock:
    """Remembers since when something is locked."""

    def __init__(self) -> None:
        self._locked_at: float | None = None

    def note(self, *, locked: bool) -> bool:
        """Take in whether it is locked now; says whether that is news."""
        if locked == (self._locked_at is not None):
            return False
        self._locked_at = time.monotonic() if locked else None
        return True

    def locked_for_s(self) -> float | None:
        """Return for how long it has been locked."""
        locked_at = self._locked_at
        return None if locked_at is None else time.monotonic() - locked_at


class ScreenLock:
    """Locked for as long as any of the known screen savers is active."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._on_change: Callable[[], None] | None = None
        self._active: set[str] = set()
        self._clock = LockClock()

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin; the answer comes with that of the bus."""
        self._on_change = on_change
        for name, path in _SAVERS:
            saver = _Saver(name, path, self._note)
            self._bus.listen(name, (Interest(name, "ActiveChanged"),), saver)

    def locked_for_s(self) -> float | None:
        """Return for how long the screen has been locked; None where it is not."""
        return self._clock.locked_for_s()

    def close(self) -> None:
        """Tell nobody any more; the bus is closed by its owner."""
        self._on_change = None

    def _note(self, name: str, active: bool) -> None:  # noqa: FBT001 - what the screen saver says
        (self._active.add if active else self._active.discard)(name)
        if self._clock.note(locked=bool(self._active)) and self._on_change is not None:
            self._on_change()


class _Saver:
    """Follows one screen saver."""

    def __init__(self, name: str, path: str, note: Callable[[str, bool], None]) -> None:
        self._name = name
        self._get_active = Call(path, name, "GetActive")
        self._note = note

    def appeared(self, service: Service) -> None:
        service.call(self._get_active, self._take)

    def heard(self, signal: Signal) -> None:
        self._take(signal.body)

    def gone(self) -> None:
        self._note(self._name, False)  # noqa: FBT003 - the same

    def _take(self, body: Body | None) -> None:
        active = typed(body, tuple[bool])
        self._note(self._name, active is not None and active[0])
