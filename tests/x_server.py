"""A real X server of one's own, and a hand on its keyboard."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import xcffib
import xcffib.xproto
import xcffib.xtest

_KEY_PRESS, _KEY_RELEASE = 2, 3
"""Event codes of the X protocol."""


@contextmanager
def x_server(*, size: str = "1280x900x24") -> Iterator[str]:
    """Start Xvfb on a free display; yields its name, such as `:99`."""
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", size, "-nolisten", "tcp"],
        pass_fds=[writer],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as numbers:
            yield f":{numbers.readline().strip()}"
    finally:
        server.terminate()
        server.wait(10)


def press_key(display: str, key: str = "shift") -> None:
    """Press and release a key, as a person at the keyboard would."""
    subprocess.run(["xdotool", "key", key], env={**os.environ, "DISPLAY": display}, check=True)


class Hand:
    """A hand that is already on the keyboard: no program has to start before the key goes down."""

    _SHIFT_KEYCODE = 50

    def __init__(self, display: str) -> None:
        self._connection = xcffib.connect(display=display)
        self._test = self._connection(xcffib.xtest.key)

    def press(self) -> float:
        """Press and release Shift; returns when, by the monotonic clock, the server was told."""
        root = self._connection.get_setup().roots[0].root
        for event in (_KEY_PRESS, _KEY_RELEASE):
            self._test.FakeInput(event, self._SHIFT_KEYCODE, 0, root, 0, 0, 0)
        told_at = time.monotonic()
        self._connection.flush()
        return told_at

    def close(self) -> None:
        """Take the hand away."""
        self._connection.disconnect()
