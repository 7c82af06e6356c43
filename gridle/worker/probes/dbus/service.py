"""What a probe and a service on a bus say to each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import msgspec

T = TypeVar("T")
Body = tuple[Any, ...]
"""The arguments of a message, as untrusted as their sender; a variant is (signature, value)."""
OnReply = Callable[[Body | None], None]
"""Takes the reply; None where it was an error, came too late, or the service has gone."""


@dataclass(frozen=True)
class Signal:
    """Something that a service told."""

    path: str
    interface: str
    member: str
    body: Body


@dataclass(frozen=True)
class Interest:
    """Which signals of a service a listener wants; an empty field takes any."""

    interface: str
    member: str
    path: str = ""
    first_argument: str = ""

    def rule(self, service_name: str) -> str:
        """Return the match rule for the bus (D-Bus specification, match rules)."""
        keys = {
            "type": "signal",
            "sender": service_name,
            "interface": self.interface,
            "member": self.member,
            "path": self.path,
            "arg0": self.first_argument,
        }
        return ",".join(f"{key}='{value}'" for key, value in keys.items() if value)

    def covers(self, signal: Signal) -> bool:
        """Say whether `signal` is one of these."""
        return (
            signal.interface == self.interface
            and signal.member == self.member
            and self.path in ("", signal.path)
            and self.first_argument in ("", next(iter(signal.body), None))
        )


@dataclass(frozen=True)
class Call:
    """A method to call."""

    path: str
    interface: str
    member: str
    signature: str = ""
    body: Body = ()


class Service(Protocol):
    """A service that is there now; both methods are for the thread of the bus alone."""

    def call(self, call: Call, on_reply: OnReply) -> None:
        """Call a method and go on; `on_reply` comes within five seconds, or `Listener.gone`."""

    def after(self, delay_s: float, do: Callable[[], None]) -> None:
        """Do something later, unless the service has gone by then."""


class Listener(Protocol):
    """Follows one service; all of its methods are called on the thread of the bus."""

    def appeared(self, service: Service) -> None:
        """Take note that the service is there: ask it for what is so."""

    def heard(self, signal: Signal) -> None:
        """Take in a signal that it surely sent."""

    def gone(self) -> None:
        """Take note that it is not there: at the start, or after it or the bus has gone."""


def typed(body: Body | None, kind: type[T]) -> T | None:
    """Return the arguments of a message as `kind`; None where they are anything else."""
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError:
        return None


def variant(body: Body | None, kind: type[T]) -> T | None:
    """Return the value of the one variant in `body`, as the answer to Properties.Get has it."""
    holder = typed(body, tuple[tuple[str, Any]])
    return None if holder is None else _value(holder[0][1], kind)


def properties(body: Body | None) -> dict[str, Any]:
    """Return names and values from the answer to Properties.GetAll; empty where it is no such."""
    holder = typed(body, tuple[dict[str, tuple[str, Any]]])
    return {} if holder is None else {name: value for name, (_, value) in holder[0].items()}


def _value(value: object, kind: type[T]) -> T | None:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return None
