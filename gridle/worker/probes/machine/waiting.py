"""How the machine's thread sleeps until there is something to do."""

from __future__ import annotations

import contextlib
import os
import select
import stat
import threading
from collections.abc import Sequence
from typing import Protocol


class Bell(Protocol):
    """A file descriptor on which the system tells of a change."""

    def fileno(self) -> int:
        """Return what to poll."""

    def heard(self) -> bool:
        """Take in what was told; returns whether it is worth looking."""

    def close(self) -> None:
        """Take it down."""


class Waiting(Protocol):
    """A sleep that ends at once when there is something to do."""

    def wait(self, timeout_s: float | None) -> frozenset[int]:
        """Return after `timeout_s`, `wake`, or a bell: the descriptors that rang."""

    def wake(self) -> None:
        """End the present sleep, or the next one; from any thread."""

    def close(self) -> None:
        """Give everything back, once nobody sleeps."""


class WaitingForBells:
    """Linux: poll(2) over the bells and a descriptor of our own."""

    def __init__(self, bells: Sequence[Bell]) -> None:
        self._waker = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._waker, select.POLLIN)
        for number in (bell.fileno() for bell in bells):
            # A file of /proc or /sys is always readable: only its POLLPRI means something.
            is_file = stat.S_ISREG(os.fstat(number).st_mode)
            self._poll.register(number, select.POLLPRI if is_file else select.POLLIN)

    def wait(self, timeout_s: float | None) -> frozenset[int]:
        """Sleep; a bell that is broken is not waited for again, as it would ring for ever."""
        rang: set[int] = set()
        for number, events in self._poll.poll(None if timeout_s is None else timeout_s * 1000):
            if number == self._waker:
                with contextlib.suppress(BlockingIOError):
                    os.eventfd_read(self._waker)
            elif events & (select.POLLIN | select.POLLPRI):
                rang.add(number)
            else:
                self._poll.unregister(number)
        return frozenset(rang)

    def wake(self) -> None:
        """Write to our own descriptor."""
        with contextlib.suppress(OSError):  # closed: there is nobody left to wake
            os.eventfd_write(self._waker, 1)

    def close(self) -> None:
        """Close our own descriptor; the bells are their owner's."""
        os.close(self._waker)


class WaitingForWake:
    """A system without bells."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    def wait(self, timeout_s: float | None) -> frozenset[int]:
        """Sleep; no bell ever rings."""
        self._woken.wait(timeout_s)
        self._woken.clear()
        return frozenset()

    def wake(self) -> None:
        """Set the event."""
        self._woken.set()

    def close(self) -> None:
        """Do nothing."""
