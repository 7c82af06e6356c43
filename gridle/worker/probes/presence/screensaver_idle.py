"""The user's hands as a desktop's `org.freedesktop.ScreenSaver` tells them, where it does.

`GetSessionIdleTime` is no part of the specification; KDE, where it comes from, answers in
milliseconds. A desktop that answered in seconds would be taken for one that is always in use,
which is the safe mistake. There is no signal, so this one is asked again and again.
"""

from __future__ import annotations

from collections.abc import Callable

from gridle.worker.policy.readings import Blindness
from gridle.worker.probes.dbus.bus import Bus
from gridle.worker.probes.dbus.service import Body, Call, Service, Signal, typed
from gridle.worker.probes.presence.hands import Hands
from gridle.worker.probes.presence.user_input import InputReading

_NAME = "org.freedesktop.ScreenSaver"
_GET_IDLE_TIME = Call("/org/freedesktop/ScreenSaver", _NAME, "GetSessionIdleTime")
_FIRST_ANSWER_TIMEOUT_S = 2.0
_CLOSELY_S = 0.2
_LOOSELY_S = 5.0
_UNANSWERED_S = 60.0
"""Until a desktop that did not answer is asked again."""


class ScreenSaverIdle:
    """Asks the session's screen saver; unseen where there is none or it does not say."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._hands = Hands(Blindness.NO_IDLE_PROTOCOL)
        self._service: Service | None = None
        self._closely = False
        self._round = 0

    def start(self, on_input: Callable[[], None]) -> None:
        """Begin; returns after the first answer, or after two seconds."""
        self._hands.tell(on_input)
        self._bus.listen(_NAME, (), self)
        self._bus.start(_FIRST_ANSWER_TIMEOUT_S)

    def read(self) -> InputReading:
        """Return what was last answered, carried on to now."""
        return self._hands.read()

    def watch_closely(self, *, on: bool) -> None:
        """Ask five times a second while `on`, every five seconds otherwise."""
        if on != self._closely:
            self._closely = on
            if on:
                self._bus.do(self._ask)

    def close(self) -> None:
        """Tell nobody any more; the bus is closed by its owner."""
        self._hands.tell(None)

    def appeared(self, service: Service) -> None:
        """Begin to ask a screen saver that is there."""
        self._service = service
        self._ask()

    def heard(self, signal: Signal) -> None:
        """Take no note: it tells nothing about input."""

    def gone(self) -> None:
        """The screen saver is not there: the session is unseen."""
        self._service = None
        self._hands.lose_sight()

    def _ask(self) -> None:
        if self._service is not None:
            self._round += 1  # ends the round of questions that went on before
            this = self._round
            self._service.call(_GET_IDLE_TIME, lambda body: self._note(body, this))

    def _note(self, body: Body | None, asked_in: int) -> None:
        if self._service is None or asked_in != self._round:
            return
        idle_ms = typed(body, tuple[int])
        if idle_ms is None:
            self._hands.lose_sight()
            again_s = _UNANSWERED_S
        else:
            self._hands.note(idle_ms[0])
            again_s = _CLOSELY_S if self._closely else _LOOSELY_S
        self._service.after(again_s, lambda: self._ask_in(asked_in))

    def _ask_in(self, asked_in: int) -> None:
        if asked_in == self._round:
            self._ask()
