"""One message bus, watched by one thread that blocks until somebody has something to say.

Everything that listeners and replies do happens on that thread, so nothing there needs a lock;
other threads hand it their wishes and go on.
"""

from __future__ import annotations

import collections
import logging
import os
import select
import threading
import time
from collections.abc import Callable

from gridle.worker.probes.dbus.conversation import Conversation
from gridle.worker.probes.dbus.service import Interest, Listener
from gridle.worker.probes.dbus.wire import BusGoneError, BusWire

_RETRY_FIRST_S = 1.0
_RETRY_MOST_S = 60.0
_JOIN_TIMEOUT_S = 5.0
_log = logging.getLogger(__name__)


class Bus:
    """Keeps a connection to the bus at `address`; where it goes, tries until it is back."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._listeners: list[tuple[str, tuple[Interest, ...], Listener]] = []
        self._conversation: Conversation | None = None
        self._wishes: collections.deque[Callable[[], None]] = collections.deque()
        self._alarm: int | None = None  # an eventfd: readable once another thread calls
        self._alarm_lock = threading.Lock()
        self._closing = threading.Event()
        self._settled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bus", daemon=True)

    def listen(self, service_name: str, interests: tuple[Interest, ...], to: Listener) -> None:
        """Follow a service, from any thread and before `start` as well as after."""
        self._post(lambda: self._add(service_name, interests, to))

    def do(self, wish: Callable[[], None]) -> None:
        """Have something done on the thread of the bus, soon."""
        self._post(wish)

    def start(self, wait_s: float = 0.0) -> None:
        """Begin; returns once the first questions of all listeners are answered, or after `wait_s`.

        A second call only waits; on the thread of the bus it does nothing.
        """
        if self._thread.ident is None:
            self._alarm = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            self._thread.start()
        if threading.current_thread() is not self._thread:
            self._settled.wait(wait_s)

    def close(self) -> None:
        """Stop the thread and give the connection back."""
        self._closing.set()
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_TIMEOUT_S)
        with self._alarm_lock:
            if self._alarm is not None and not self._thread.is_alive():
                os.close(self._alarm)
                self._alarm = None

    def _post(self, wish: Callable[[], None]) -> None:
        self._settled.clear()
        self._wishes.append(wish)
        self._wake()

    def _wake(self) -> None:
        with self._alarm_lock:
            if self._alarm is not None:
                os.eventfd_write(self._alarm, 1)

    def _add(self, name: str, interests: tuple[Interest, ...], listener: Listener) -> None:
        self._listeners.append((name, interests, listener))
        if self._conversation is None:
            listener.gone()
        else:
            self._conversation.follow(name, interests, listener)

    def _run(self) -> None:
        retry_s = _RETRY_FIRST_S
        while not self._closing.is_set():
            try:
                if self._converse_once():
                    retry_s = _RETRY_FIRST_S
                self._wait_without_a_bus(retry_s)
            except Exception:  # noqa: BLE001 - see below
                # A fault in one listener must end in "not there", never in a thread that has
                # died and left its last readings standing.
                _log.warning("A message on the bus could not be understood", exc_info=True)
                self._settled.set()
                self._closing.wait(retry_s)
            retry_s = min(2 * retry_s, _RETRY_MOST_S)

    def _converse_once(self) -> bool:
        """Follow one connection until it ends; says whether there was one."""
        try:
            wire = BusWire(self._address)
        except BusGoneError:
            return False
        conversation = self._conversation = Conversation(wire)
        try:
            for name, interests, listener in self._listeners:
                conversation.follow(name, interests, listener)
            while not self._closing.is_set():
                self._grant_wishes()
                conversation.keep_time(time.monotonic())
                if conversation.is_answered and not self._wishes:
                    self._settled.set()
                if self._sleep(wire, conversation.next_deadline()):
                    conversation.take_in(wire.receive())
        except BusGoneError:
            pass  # the caller tries again
        finally:
            self._conversation = None
            wire.close()
            conversation.end()
        return True

    def _wait_without_a_bus(self, retry_s: float) -> None:
        """Grant wishes until it is time to try again."""
        until = time.monotonic() + retry_s
        while not self._closing.is_set() and time.monotonic() < until:
            self._grant_wishes()
            self._settled.set()
            self._sleep(None, until)

    def _grant_wishes(self) -> None:
        while self._wishes:
            self._wishes.popleft()()

    def _sleep(self, wire: BusWire | None, until: float | None) -> bool:
        """Block until the bus speaks, another thread calls, or `until`; says whether it spoke."""
        assert self._alarm is not None  # noqa: S101 - open for as long as the thread runs
        waiting = select.poll()
        waiting.register(self._alarm, select.POLLIN)
        if wire is not None:
            waiting.register(wire.fileno(), select.POLLIN)
        left_ms = None if until is None else max(0.0, until - time.monotonic()) * 1000
        ready = [descriptor for descriptor, _ in waiting.poll(left_ms)]
        if self._alarm in ready:
            os.eventfd_read(self._alarm)
        return wire is not None and wire.fileno() in ready
