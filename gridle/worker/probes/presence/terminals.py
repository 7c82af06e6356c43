"""Somebody typing on a console, in an SSH session or in a terminal window, by terminals' times.

Linux sets a terminal's access time when a program reads what was typed, and its modification time
when one prints; so `w` and `who -u` tell idle time, and so does this. While somebody types the
kernel sets it only every eight seconds (`tty_update_time`, against spying on keystrokes), but the
first key after a longer rest at once.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gridle.worker.probes.presence.user_input import InputReading

_CONSOLE = re.compile(r"tty[0-9]+")
_PSEUDO = re.compile(r"[0-9]+")
_MOST_TERMINALS = 1024
_LOOK_PERIOD_S = 0.5
"""A look at 64 consoles takes about 0.3 ms; the worker may ask far more often than is needed."""


@dataclass(frozen=True)
class _Typing:
    access_time_ns: int
    last_input_at: float  # of the monotonic clock


class Terminals:
    """Looks at all terminals when it is asked: a stat each, no thread and no wake-up of its own.

    Not only those of login sessions: a terminal of an editor's remote server or of tmux has a
    person behind it too. The worker gives its tasks no terminal, so none of them is ours.

    Args:
        devices: the folder that holds them, /dev.
        wall_clock: seconds since 1970, as access times have it.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        devices: Path = Path("/dev"),
        wall_clock: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._devices = devices
        self._wall_clock = wall_clock
        self._clock = clock
        self._typing: dict[str, _Typing] = {}
        self._looked_at: float | None = None

    def start(self, on_input: Callable[[], None]) -> None:  # noqa: ARG002 - the port's
        """Take a first look; `on_input` never comes, since nobody tells."""
        self.read()

    def read(self) -> InputReading:
        """Return when somebody last typed, looking again where the last look is a while ago."""
        now = self._clock()
        since_look_s = None if self._looked_at is None else now - self._looked_at
        if since_look_s is None or since_look_s >= _LOOK_PERIOD_S:
            self._look(now, since_look_s)
        idle = (now - typing.last_input_at for typing in self._typing.values())
        return InputReading(min(idle, default=None), session_unseen=False)

    def _look(self, now: float, since_look_s: float | None) -> None:
        wall_now = self._wall_clock()
        seen = {}
        for name, access_time_ns in self._access_times():
            before = self._typing.get(name)
            if before is not None and before.access_time_ns == access_time_ns:
                seen[name] = before
                continue
            ago_s = max(0.0, wall_now - access_time_ns / 1e9)
            if before is not None and since_look_s is not None:
                # It changed since the last look, whatever the wall clock has done meanwhile.
                ago_s = min(ago_s, since_look_s)
            seen[name] = _Typing(access_time_ns, now - ago_s)
        self._typing, self._looked_at = seen, now

    def watch_closely(self, *, on: bool) -> None:
        """Do nothing: readings are looks already."""

    def close(self) -> None:
        """Do nothing: nothing is held."""

    def _access_times(self) -> Iterator[tuple[str, int]]:
        for folder, names in ((self._devices, _CONSOLE), (self._devices / "pts", _PSEUDO)):
            # No folder: a machine without them, or a sandbox that hides them.
            with contextlib.suppress(OSError), os.scandir(folder) as entries:
                found = (entry for entry in entries if names.fullmatch(entry.name))
                for entry in itertools.islice(found, _MOST_TERMINALS):
                    with contextlib.suppress(OSError):  # it has just been closed
                        yield entry.path, entry.stat().st_atime_ns
