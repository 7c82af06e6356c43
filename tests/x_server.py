"""A real X server of one's own, and a hand on its keyboard."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


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
