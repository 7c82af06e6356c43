"""Programs that keep GNOME's screen on: films, presentations, video calls.

`org.gnome.SessionManager` (GNOME's session D-Bus reference); MATE and others speak it too.
"""

from __future__ import annotations

from collections.abc import Callable

from gridle.worker.policy.readings import Attention, AttentionKind
from gridle.worker.probes.dbus.bus import Bus
from gridle.worker.probes.dbus.service import Body, Call, Interest, Service, Signal, typed
from gridle.worker.probes.presence.attention import plain_name

_NAME = _INTERFACE = "org.gnome.SessionManager"
_PATH = "/org/gnome/SessionManager"
_INHIBITOR = "org.gnome.SessionManager.Inhibitor"
_INTERESTS = (
    Interest(_INTERFACE, "InhibitorAdded", _PATH),
    Interest(_INTERFACE, "InhibitorRemoved", _PATH),
)
_GET_INHIBITORS = Call(_PATH, _INTERFACE, "GetInhibitors")
_AGAINST_IDLE = 8
_MOST_INHIBITORS = 32


class GnomeInhibitors:
    """An `AttentionWatch` on the session bus; empty where no such session manager is there."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._on_change: Callable[[], None] = lambda: None
        self._service: Service | None = None
        self._programs: dict[str, str] = {}  # by path of the inhibitor; swapped whole

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin; what is there already comes with the answers of the bus."""
        self._on_change = on_change
        self._bus.listen(_NAME, _INTERESTS, self)

    def read(self) -> tuple[Attention, ...]:
        """Return one sign for each program."""
        programs = sorted(set(self._programs.values()))
        return tuple(Attention(AttentionKind.INHIBITOR, program) for program in programs)

    def close(self) -> None:
        """Tell nobody any more; the bus is closed by its owner."""
        self._on_change = lambda: None

    def appeared(self, service: Service) -> None:
        """Ask for the inhibitors that are there."""
        self._service = service
        service.call(_GET_INHIBITORS, self._take_list)

    def heard(self, signal: Signal) -> None:
        """One comes or goes."""
        told = typed(signal.body, tuple[str])
        if told is None:
            return
        if signal.member == "InhibitorAdded":
            self._look(told[0])
        else:
            self._keep({path: name for path, name in self._programs.items() if path != told[0]})

    def gone(self) -> None:
        """Without a session manager nobody can have asked it."""
        self._service = None
        self._keep({})

    def _take_list(self, body: Body | None) -> None:
        listed = typed(body, tuple[list[str]])
        for path in (listed[0] if listed else [])[:_MOST_INHIBITORS]:
            self._look(path)

    def _look(self, path: str) -> None:
        """Ask what an inhibitor is for, and then whose it is."""
        if self._service is None or len(self._programs) >= _MOST_INHIBITORS:
            return
        service = self._service

        def take_flags(body: Body | None) -> None:
            flags = typed(body, tuple[int])
            if flags is not None and flags[0] & _AGAINST_IDLE:
                service.call(Call(path, _INHIBITOR, "GetAppId"), take_program)

        def take_program(body: Body | None) -> None:
            program = typed(body, tuple[str])
            if program is not None:
                self._keep({**self._programs, path: plain_name(program[0])})

        service.call(Call(path, _INHIBITOR, "GetFlags"), take_flags)

    def _keep(self, programs: dict[str, str]) -> None:
        if programs != self._programs:
            self._programs = programs
            self._on_change()
