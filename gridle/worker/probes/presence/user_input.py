"""The port for seeing whether somebody uses this machine, with its two nulls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gridle.worker.policy.readings import Attention, Blindness


@dataclass(frozen=True)
class InputReading:
    """When the last key press or mouse movement was, and what else shows that somebody is there."""

    seconds_since_input: float | None
    """None where there is no session, or none can be seen."""
    session_unseen: bool
    blindness: Blindness | None = None
    """Why a session is unseen; set where `session_unseen` is."""
    locked: bool = False
    """The session is locked: nobody looks at it, whatever it shows."""
    attention: tuple[Attention, ...] = ()
    """Films, presentations and full screens."""


AWAY = InputReading(seconds_since_input=None, session_unseen=False)


def unseen(blindness: Blindness) -> InputReading:
    """Return the reading of a session that cannot be seen."""
    return InputReading(None, session_unseen=True, blindness=blindness)


UNSEEN = unseen(Blindness.NOT_BUILT)


class UserInput(Protocol):
    """One way to see a user's hands."""

    def start(self, on_input: Callable[[], None]) -> None:
        """Begin; `on_input` comes from any thread at the first input after a rest.

        It comes as well when a session appears, locks, unlocks or can no longer be seen, and when
        a sign of attention comes or goes.
        """

    def read(self) -> InputReading:
        """Return what is known now; never waits."""

    def watch_closely(self, *, on: bool) -> None:
        """Say whether work runs that the next input must stop at once."""

    def close(self) -> None:
        """Stop watching."""


class FixedInput:
    """A machine without a session, or with one whose input cannot be seen: always the same."""

    def __init__(self, reading: InputReading) -> None:
        self._reading = reading

    def start(self, on_input: Callable[[], None]) -> None:
        """Do nothing: nothing ever changes."""

    def read(self) -> InputReading:
        """Return the fixed reading."""
        return self._reading

    def watch_closely(self, *, on: bool) -> None:
        """Do nothing: there is nothing to see."""

    def close(self) -> None:
        """Do nothing."""
