"""A real service on a real bus, that answers what a test tells it to."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    new_error,
    new_method_return,
    new_signal,
)
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, prep_socket

Answer = Callable[..., tuple[str, tuple[Any, ...]] | None]
"""Takes the arguments of a call, returns signature and body; None leaves the call unanswered."""


class BusService:
    """Owns `names`; `answers` are by "path interface.Member", or by "interface.Member" for any."""

    def __init__(self, address: str, names: Iterable[str], answers: Mapping[str, Answer]) -> None:
        self.calls: queue.Queue[tuple[str, tuple[Any, ...]]] = queue.Queue()
        self.answers = dict(answers)
        self.last_caller = ""
        self._line = _connect(address)
        for name in names:
            self._line.send_and_get_reply(message_bus.RequestName(name), timeout=10)
        self._sending = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def emit(
        self,
        path: str,
        interface: str,
        member: str,
        signature: str = "",
        body: tuple[Any, ...] = (),
        to: str | None = None,
    ) -> None:
        """Send a signal to all, or to one unique name alone."""
        emitter = DBusAddress(path, interface=interface)
        signal = new_signal(emitter, member, signature or None, body)
        if to is not None:
            signal.header.fields[HeaderFields.destination] = to
        with self._sending:
            self._line.send(signal)

    def close(self) -> None:
        """Leave the bus."""
        self._closing.set()
        self._thread.join(10)
        self._line.close()

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                message = self._line.receive(timeout=0.1)
            except TimeoutError:
                continue
            except OSError:
                return
            if message.header.message_type is MessageType.method_call:
                self._answer(message)

    def _answer(self, message: Message) -> None:
        fields = message.header.fields
        self.last_caller = fields.get(HeaderFields.sender, "")
        member = f"{fields.get(HeaderFields.interface)}.{fields[HeaderFields.member]}"
        exact = f"{fields[HeaderFields.path]} {member}"
        answer = self.answers.get(exact) or self.answers.get(member)
        if answer is None:
            error = "org.freedesktop.DBus.Error.UnknownMethod"
            reply = new_error(message, error, "s", ("unknown",))
        else:
            told = answer(*message.body)
            if told is None:
                self.calls.put((member, tuple(message.body)))
                return
            reply = new_method_return(message, told[0] or None, told[1])
        with self._sending:
            self._line.send(reply)
        self.calls.put((member, tuple(message.body)))


def _connect(address: str) -> DBusConnection:
    return DBusConnection(prep_socket(address.removeprefix("unix:path="), timeout=10))
