"""Programs that keep the screen on or the machine awake, as KDE, Xfce and others tell it.

KDE tells which of the two (`org.kde.Solid.PowerManagement.PolicyAgent`, PowerDevil's interface);
the older `org.freedesktop.PowerManagement.Inhibit`, which KDE has as well, does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gridle.worker.policy.readings import Attention, AttentionKind
from gridle.worker.probes.dbus.bus import Bus
from gridle.worker.probes.dbus.service import Body, Call, Interest, Service, Signal, typed
from gridle.worker.probes.presence.attention import plain_name

_MOST_PROGRAMS = 32
_SCREEN = 4
"""KDE's kind of inhibition that keeps the screen as it is."""


@dataclass(frozen=True)
class _Dialect:
    """How one service is asked whether something is inhibited, and by whom."""

    name: str
    path: str
    interface: str
    changed: str
    is_any: tuple[str, str, tuple[int, ...]]
    """Method, signature and arguments of the question that is answered with yes or no."""
    who: str


_KDE = _Dialect(
    "org.kde.Solid.PowerManagement.PolicyAgent",
    "/org/kde/Solid/PowerManagement/PolicyAgent",
    "org.kde.Solid.PowerManagement.PolicyAgent",
    "InhibitionsChanged",
    ("HasInhibition", "u", (_SCREEN,)),
    "ListInhibitions",
)
_FREEDESKTOP = _Dialect(
    "org.freedesktop.PowerManagement",
    "/org/freedesktop/PowerManagement/Inhibit",
    "org.freedesktop.PowerManagement.Inhibit",
    "HasInhibitChanged",
    ("HasInhibit", "", ()),
    "GetInhibitors",
)


class PowerInhibitors:
    """An `AttentionWatch` on the session bus that believes KDE's answer before the older one."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._on_change: Callable[[], None] = lambda: None
        self._kde = _Asked(_KDE, self._tell)
        self._freedesktop = _Asked(_FREEDESKTOP, self._tell)

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin; what is there already comes with the answers of the bus."""
        self._on_change = on_change
        for asked in (self._kde, self._freedesktop):
            dialect = asked.dialect
            interest = Interest(dialect.interface, dialect.changed, dialect.path)
            self._bus.listen(dialect.name, (interest,), asked)

    def read(self) -> tuple[Attention, ...]:
        """Return one sign for each program; one without a name where none is told."""
        asked = self._kde if self._kde.is_there else self._freedesktop
        return tuple(Attention(AttentionKind.INHIBITOR, program) for program in asked.programs)

    def close(self) -> None:
        """Tell nobody any more; the bus is closed by its owner."""
        self._on_change = lambda: None

    def _tell(self) -> None:
        self._on_change()


class _Asked:
    """Follows one service."""

    def __init__(self, dialect: _Dialect, on_change: Callable[[], None]) -> None:
        self.dialect = dialect
        self.is_there = False
        self.programs: tuple[str, ...] = ()
        self._on_change = on_change
        self._service: Service | None = None

    def appeared(self, service: Service) -> None:
        self._service = service
        self._ask()

    def heard(self, _signal: Signal) -> None:
        self._ask()

    def gone(self) -> None:
        self._service = None
        self.is_there = False
        self._keep(())

    def _ask(self) -> None:
        if self._service is not None:
            member, signature, arguments = self.dialect.is_any
            call = Call(self.dialect.path, self.dialect.interface, member, signature, arguments)
            self._service.call(call, self._take_whether)

    def _take_whether(self, body: Body | None) -> None:
        inhibited = typed(body, tuple[bool])
        self.is_there = inhibited is not None
        if inhibited is None or not inhibited[0] or self._service is None:
            self._keep(())
            return
        call = Call(self.dialect.path, self.dialect.interface, self.dialect.who)
        self._service.call(call, self._take_who)

    def _take_who(self, body: Body | None) -> None:
        names = [name for name, _ in (typed(body, tuple[list[tuple[str, str]]]) or ([],))[0]]
        names += (typed(body, tuple[list[str]]) or ([],))[0]
        plain = sorted({plain_name(name) for name in names[:_MOST_PROGRAMS]})
        self._keep(tuple(plain) or ("",))

    def _keep(self, programs: tuple[str, ...]) -> None:
        if programs != self.programs:
            self.programs = programs
            self._on_change()
