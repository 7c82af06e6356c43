"""Programs that asked logind that the machine should not count as idle (`systemd-inhibit`)."""

from __future__ import annotations

import os
from collections.abc import Callable

from gridle.worker.policy.readings import Attention, AttentionKind
from gridle.worker.probes.dbus.bus import Bus
from gridle.worker.probes.dbus.service import Body, Call, Interest, Service, Signal, typed
from gridle.worker.probes.presence.attention import plain_name

_NAME = "org.freedesktop.login1"
_PATH = "/org/freedesktop/login1"
_MANAGER = "org.freedesktop.login1.Manager"
_CHANGED = Interest("org.freedesktop.DBus.Properties", "PropertiesChanged", _PATH, _MANAGER)
_LIST = Call(_PATH, _MANAGER, "ListInhibitors")
_MOST_INHIBITORS = 256


class LogindInhibitors:
    """An `AttentionWatch` on the system bus; this process's own inhibitors are left out."""

    def __init__(self, bus: Bus, own_process_id: int | None = None) -> None:
        self._bus = bus
        self._own_process_id = os.getpid() if own_process_id is None else own_process_id
        self._on_change: Callable[[], None] = lambda: None
        self._service: Service | None = None
        self._programs: tuple[str, ...] = ()

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin; what is there already comes with the answers of the bus."""
        self._on_change = on_change
        self._bus.listen(_NAME, (_CHANGED,), self)

    def read(self) -> tuple[Attention, ...]:
        """Return one sign for each program."""
        return tuple(Attention(AttentionKind.INHIBITOR, program) for program in self._programs)

    def close(self) -> None:
        """Tell nobody any more; the bus is closed by its owner."""
        self._on_change = lambda: None

    def appeared(self, service: Service) -> None:
        """Ask for the inhibitors that are there."""
        self._service = service
        service.call(_LIST, self._take_list)

    def heard(self, signal: Signal) -> None:
        """Ask again: logind tells that they changed, and not how."""
        if self._service is not None and "BlockInhibited" in _changed_names(signal.body):
            self._service.call(_LIST, self._take_list)

    def gone(self) -> None:
        """Without logind nobody can have asked it."""
        self._service = None
        self._keep(())

    def _take_list(self, body: Body | None) -> None:
        """Keep the names from the answer: what, who, why, mode, user and process of each."""
        listed = typed(body, tuple[list[tuple[str, str, str, str, int, int]]])
        names = {
            plain_name(who)
            for what, who, _, mode, _, process in (listed[0] if listed else [])[:_MOST_INHIBITORS]
            if "idle" in what.split(":") and mode == "block" and process != self._own_process_id
        }
        self._keep(tuple(sorted(names)))

    def _keep(self, programs: tuple[str, ...]) -> None:
        if programs != self._programs:
            self._programs = programs
            self._on_change()


def _changed_names(body: Body) -> set[str]:
    changed = typed(body, tuple[str, dict[str, object], list[str]])
    return set() if changed is None else {*changed[1], *changed[2]}
