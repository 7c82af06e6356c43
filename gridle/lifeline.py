"""A child process that ends with its parent, on every OS: end of standard input is the signal."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable

OPTION = "--with-parent"
"""The command-line option by which a parent asks for this."""


def end_with_parent(end: Callable[[], None]) -> None:
    """Call `end` from a thread once standard input closes: the parent is gone or wants us gone."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        end()

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def announce_ready(**facts: object) -> None:
    """Tell the parent, in one line of JSON on standard output, that this process serves now."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
