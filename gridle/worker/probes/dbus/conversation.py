"""What is said on one connection to a bus: who is there, what was asked, and by when."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from jeepney import HeaderFields, Message, MessageType

from gridle.worker.probes.dbus.service import Call, Interest, Listener, OnReply, Signal, typed
from gridle.worker.probes.dbus.wire import THE_BUS, THE_BUS_PATH, BusWire

REPLY_TIMEOUT_S = 5.0
_MOST_OPEN_CALLS = 1024
_OWNER_CHANGED = "NameOwnerChanged"


@dataclass
class _Followed:
    """One listener, and the unique name of whoever owns its service's name now."""

    service_name: str
    interests: tuple[Interest, ...]
    listener: Listener
    owner: str | None = None
    there: _There | None = field(default=None, repr=False)


class Conversation:
    """All calls and signals of one connection; used on the thread of the bus alone.

    A signal counts only where its sender owns the service's name, as the bus itself says: on the
    system bus anybody may send us anything.
    """

    def __init__(self, wire: BusWire) -> None:
        self._wire = wire
        self._followed: list[_Followed] = []
        self._open: dict[int, tuple[float, OnReply]] = {}  # by serial number, oldest first
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._ended = False

    @property
    def is_answered(self) -> bool:
        """Nothing that was asked is still open."""
        return not self._open

    def follow(self, name: str, interests: tuple[Interest, ...], listener: Listener) -> None:
        """Ask for a service's signals, and whether it is there."""
        followed = _Followed(name, interests, listener)
        self._followed.append(followed)
        come_and_go = Interest(THE_BUS, _OWNER_CHANGED, THE_BUS_PATH, name)
        self._ask_bus("AddMatch", come_and_go.rule(THE_BUS))
        for interest in interests:
            self._ask_bus("AddMatch", interest.rule(name))

        def told(body: tuple[object, ...] | None) -> None:
            owner = typed(body, tuple[str])
            if followed.owner is None:
                self._set_owner(followed, owner[0] if owner else None)

        self._ask_bus("GetNameOwner", name, told)

    def call(self, destination: str, call: Call, on_reply: OnReply) -> None:
        """Call a method; `on_reply` comes once, within five seconds."""
        if self._ended or len(self._open) >= _MOST_OPEN_CALLS:
            on_reply(None)
            return
        serial = self._wire.send(destination, call)
        self._open[serial] = (time.monotonic() + REPLY_TIMEOUT_S, on_reply)

    def after(self, delay_s: float, do: Callable[[], None]) -> None:
        """Do something after a while, unless the connection ends before."""
        timer = (time.monotonic() + delay_s, next(self._numbers), do)
        heapq.heappush(self._timers, timer)

    def next_deadline(self) -> float | None:
        """Return when `keep_time` is needed next, as `time.monotonic` has it."""
        oldest_call = next(iter(self._open.values()), None)
        due = [self._timers[0][0]] if self._timers else []
        return min([*due, oldest_call[0]] if oldest_call else due, default=None)

    def keep_time(self, now: float) -> None:
        """Do what is due, and give up calls that nobody has answered."""
        while self._timers and self._timers[0][0] <= now:
            heapq.heappop(self._timers)[2]()
        for serial in [serial for serial, (until, _) in self._open.items() if until <= now]:
            self._answer(serial, None)

    def take_in(self, messages: list[Message]) -> None:
        """Hand replies and signals to whom they are for."""
        for message in messages:
            kind, fields = message.header.message_type, message.header.fields
            if kind is MessageType.signal:
                self._hear(message)
            elif kind in (MessageType.method_return, MessageType.error):
                body = tuple(message.body) if kind is MessageType.method_return else None
                self._answer(fields.get(HeaderFields.reply_serial, -1), body)

    def end(self) -> None:
        """Answer all that is open with None, and tell all listeners that their service is gone."""
        self._ended = True
        for serial in list(self._open):
            self._answer(serial, None)
        for followed in self._followed:
            if followed.owner is not None:
                self._set_owner(followed, None)

    def _ask_bus(self, member: str, argument: str, on_reply: OnReply = lambda _: None) -> None:
        call = Call(THE_BUS_PATH, THE_BUS, member, "s", (argument,))
        self.call(THE_BUS, call, on_reply)

    def _answer(self, serial: int, body: tuple[object, ...] | None) -> None:
        asked = self._open.pop(serial, None)
        if asked is not None:
            asked[1](body)

    def _hear(self, message: Message) -> None:
        fields = message.header.fields
        names = (HeaderFields.path, HeaderFields.interface, HeaderFields.member)
        path, interface, member = (str(fields.get(name, "")) for name in names)
        signal = Signal(path, interface, member, tuple(message.body))
        sender = fields.get(HeaderFields.sender)
        if sender == THE_BUS and member == _OWNER_CHANGED:
            self._note_owner(signal)
            return
        for followed in list(self._followed):
            wanted = any(interest.covers(signal) for interest in followed.interests)
            if wanted and followed.there is not None and followed.owner == sender:
                followed.listener.heard(signal)

    def _note_owner(self, signal: Signal) -> None:
        change = typed(signal.body, tuple[str, str, str])
        if change is None:
            return
        for followed in list(self._followed):
            if followed.service_name == change[0] and followed.owner != (change[2] or None):
                if followed.owner is not None:
                    self._set_owner(followed, None)
                if change[2]:
                    self._set_owner(followed, change[2])

    def _set_owner(self, followed: _Followed, owner: str | None) -> None:
        followed.owner = owner
        if followed.there is not None:
            followed.there.has_gone = True
            followed.there = None
        if owner is None:
            followed.listener.gone()
        else:
            followed.there = _There(self, owner)
            followed.listener.appeared(followed.there)


class _There:
    """A service that has a name's owner now (`Service`)."""

    def __init__(self, conversation: Conversation, owner: str) -> None:
        self._conversation = conversation
        self._owner = owner
        self.has_gone = False

    def call(self, call: Call, on_reply: OnReply) -> None:
        if self.has_gone:
            on_reply(None)
        else:
            self._conversation.call(self._owner, call, on_reply)

    def after(self, delay_s: float, do: Callable[[], None]) -> None:
        def unless_gone() -> None:
            if not self.has_gone:
                do()

        self._conversation.after(delay_s, unless_gone)
