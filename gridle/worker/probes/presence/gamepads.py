"""Hands on a gamepad: buttons and sticks move no cursor, so no desktop counts them as input.

Linux's joystick devices (Documentation/input/joydev/joystick-api.rst): each event is eight bytes.
A device that this user may not read is left alone.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import struct
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from gridle.worker.probes.presence.folder_watch import FolderWatch
from gridle.worker.probes.presence.user_input import InputReading

_DEVICE = re.compile(r"js[0-9]+")
_EVENT = struct.Struct("=IhBB")  # milliseconds, value, kind, number
_BUTTON, _AXIS, _FROM_THE_START = 0x01, 0x02, 0x80
_MOVED = 8192
"""A quarter of a stick's way: a worn stick trembles by less, all day long."""
_DRAIN_PERIOD_S = 0.2
"""A gamepad in use tells hundreds of things a second; one look in so long is enough."""
_READ_BYTES = _EVENT.size * 512
_JOIN_TIMEOUT_S = 2.0


class Stick:
    """Tells hands from trembling on one device: pure."""

    def __init__(self) -> None:
        self._rest: dict[int, int] = {}

    def is_touched_by(self, data: bytes) -> bool:
        """Say whether these events show a hand; a part of an event at the end is left out."""
        whole = len(data) - len(data) % _EVENT.size
        touched = False
        for event in _EVENT.iter_unpack(data[:whole]):
            touched = self._is_hand(*event) or touched
        return touched

    def _is_hand(self, _time: int, value: int, kind: int, number: int) -> bool:
        if kind == _BUTTON:
            return True
        if kind & ~_FROM_THE_START != _AXIS:
            return False
        moved = kind == _AXIS and abs(value - self._rest.get(number, value)) >= _MOVED
        if moved or number not in self._rest:
            self._rest[number] = value
        return moved


class Gamepads:
    """A thread that blocks until a gamepad is touched or one is plugged in."""

    def __init__(self, folder: Path = Path("/dev/input")) -> None:
        self._folder = folder
        self._open: dict[str, tuple[int, Stick]] = {}
        self._touched_at: float | None = None
        self._on_input: Callable[[], None] = lambda: None
        self._stop_reader, self._stop_writer = os.pipe()
        self._thread: threading.Thread | None = None

    def start(self, on_input: Callable[[], None]) -> None:
        """Begin; a machine without input devices has no gamepads, and no thread for them."""
        self._on_input = on_input
        try:
            changes = FolderWatch(self._folder)
        except OSError:
            return
        self._thread = threading.Thread(
            target=self._run, args=(changes,), name="gamepads", daemon=True
        )
        self._thread.start()

    def read(self) -> InputReading:
        """Return when a gamepad was last touched; nothing where none has been."""
        touched_at = self._touched_at
        ago_s = None if touched_at is None else time.monotonic() - touched_at
        return InputReading(ago_s, session_unseen=False)

    def watch_closely(self, *, on: bool) -> None:
        """Do nothing: the kernel tells at once, always."""

    def close(self) -> None:
        """Stop the thread and let the devices go."""
        self._on_input = lambda: None
        if self._stop_writer < 0:
            return
        os.close(self._stop_writer)  # wakes the thread
        self._stop_writer = -1
        if self._thread is not None:
            self._thread.join(_JOIN_TIMEOUT_S)
        os.close(self._stop_reader)

    def _run(self, changes: FolderWatch) -> None:
        try:
            while True:
                changes.clear()
                self._find_devices()
                if self._wait([changes.fileno(), *(fd for fd, _ in self._open.values())]):
                    return
                self._drain()
                # Events that come meanwhile wait in the device.
                if self._wait([], _DRAIN_PERIOD_S):
                    return
        finally:
            changes.close()
            for descriptor, _ in self._open.values():
                os.close(descriptor)

    def _wait(self, descriptors: Iterable[int], timeout_s: float | None = None) -> bool:
        """Block until one of these is readable or time is up; says whether we are to stop."""
        waiting = select.poll()
        for descriptor in (self._stop_reader, *descriptors):
            waiting.register(descriptor, select.POLLIN)
        ready = waiting.poll(None if timeout_s is None else timeout_s * 1000)
        return any(descriptor == self._stop_reader for descriptor, _ in ready)

    def _find_devices(self) -> None:
        with contextlib.suppress(OSError):  # the folder has gone
            for path in sorted(self._folder.iterdir()):
                if _DEVICE.fullmatch(path.name) and path.name not in self._open:
                    with contextlib.suppress(OSError):  # not ours to read
                        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
                        self._open[path.name] = (os.open(path, flags), Stick())

    def _drain(self) -> None:
        touched = False
        for name, (descriptor, stick) in list(self._open.items()):
            try:
                while data := os.read(descriptor, _READ_BYTES):
                    touched = stick.is_touched_by(data) or touched
            except BlockingIOError:
                continue
            except OSError:
                pass
            del self._open[name]  # unplugged
            os.close(descriptor)
        if touched:
            self._touched_at = time.monotonic()
            self._on_input()
