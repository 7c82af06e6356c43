"""The user's hands as GNOME's compositor sees them, told by it and never asked for.

`org.gnome.Mutter.IdleMonitor` (its interface description in Mutter's sources): an idle watch fires
each time a rest of a given length begins; a watch for the active user fires once, at the first
input after it was set.
"""

from __future__ import annotations

from collections.abc import Callable

from gridle.worker.policy.readings import Blindness
from gridle.worker.probes.dbus.bus import Bus
from gridle.worker.probes.dbus.service import Body, Call, Interest, Service, Signal, typed
from gridle.worker.probes.presence.hands import REST_MS, Hands
from gridle.worker.probes.presence.user_input import InputReading

_NAME = _INTERFACE = "org.gnome.Mutter.IdleMonitor"
_PATH = "/org/gnome/Mutter/IdleMonitor/Core"
_FIRED = Interest(_INTERFACE, "WatchFired", _PATH)
_ADD_IDLE_WATCH = Call(_PATH, _INTERFACE, "AddIdleWatch", "t", (REST_MS,))
_ADD_ACTIVE_WATCH = Call(_PATH, _INTERFACE, "AddUserActiveWatch")
_GET_IDLE_TIME = Call(_PATH, _INTERFACE, "GetIdletime")
_FIRST_ANSWER_TIMEOUT_S = 2.0
_RETRY_S = 10.0


class MutterIdle:
    """Watches GNOME's session; unseen where there is no Mutter on the bus."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._hands = Hands(Blindness.NO_IDLE_PROTOCOL)
        self._service: Service | None = None
        self._rest_watch: int | None = None
        self._active_watch: int | None = None
        self._asks_for_active = False

    def start(self, on_input: Callable[[], None]) -> None:
        """Begin; returns after the first answer, or after two seconds."""
        self._hands.tell(on_input)
        self._bus.listen(_NAME, (_FIRED,), self)
        self._bus.start(_FIRST_ANSWER_TIMEOUT_S)

    def read(self) -> InputReading:
        """Return what Mutter last said, carried on to now."""
        return self._hands.read()

    def watch_closely(self, *, on: bool) -> None:
        """Do nothing: Mutter tells at once, always."""

    def close(self) -> None:
        """Tell nobody any more; the bus is closed by its owner."""
        self._hands.tell(None)

    def appeared(self, service: Service) -> None:
        """Set the watches of a Mutter that is there (again)."""
        self._service = service
        self._rest_watch = self._active_watch = None
        self._asks_for_active = False
        service.call(_ADD_IDLE_WATCH, self._note_rest_watch)
        service.call(_GET_IDLE_TIME, self._note_idle)

    def heard(self, signal: Signal) -> None:
        """A rest begins, or ends."""
        fired = typed(signal.body, tuple[int])
        if fired is None:
            return
        if fired[0] == self._active_watch:
            self._active_watch = None
            self._hands.note(0)
        elif fired[0] == self._rest_watch:
            self._hands.note(REST_MS)
            self._ask_for_active()

    def gone(self) -> None:
        """Mutter is not there: the session is unseen."""
        self._service = None
        self._hands.lose_sight()

    def _note_rest_watch(self, body: Body | None) -> None:
        watch = typed(body, tuple[int])
        if watch is None:
            self._give_up_for_now()
        else:
            self._rest_watch = watch[0]

    def _note_idle(self, body: Body | None) -> None:
        idle_ms = typed(body, tuple[int])
        if idle_ms is None:
            self._give_up_for_now()
            return
        self._hands.note(idle_ms[0])
        if self._hands.resting:
            self._ask_for_active()

    def _ask_for_active(self) -> None:
        """Have the next input told, once."""
        if self._service is None or self._asks_for_active or self._active_watch is not None:
            return
        self._asks_for_active = True
        self._service.call(_ADD_ACTIVE_WATCH, self._note_active_watch)
        # An input that came before the watch was set would not fire it.
        self._service.call(_GET_IDLE_TIME, self._note_idle)

    def _note_active_watch(self, body: Body | None) -> None:
        self._asks_for_active = False
        watch = typed(body, tuple[int])
        if watch is None:
            self._give_up_for_now()
        else:
            self._active_watch = watch[0]

    def _give_up_for_now(self) -> None:
        """Without all of its watches the session counts as unseen; try again after a while."""
        self._hands.lose_sight()
        if self._service is not None:
            service, self._service = self._service, None
            service.after(_RETRY_S, lambda: self.appeared(service))
