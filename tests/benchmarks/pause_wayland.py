"""The pause after a real key press on a real Wayland compositor: sway without a screen."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from unittest import mock

from tests.benchmarks.busy_workers import busy_workers
from tests.benchmarks.pause_trial import Peer, pause_rows
from tests.benchmarks.table import Row
from tests.wayland_compositor import sway
from tests.wayland_hand import VirtualKeyboardHand

PEER = Peer("BOINC sees no input on Wayland (its issues 1187, 6913)")
TARGET = "≤ 500"


def measure() -> Iterator[Row]:
    """Yield p50, p99 and the worst of the trials, with all tasks that this machine runs busy."""
    if shutil.which("sway") is None:
        yield Row("pause_wayland_p99_ms", None, "ms", TARGET, "sway is not installed")
        return
    with (
        tempfile.TemporaryDirectory(prefix="gridle-bench-") as folder,
        sway() as compositor,
        # A whole path: the engine's own XDG_RUNTIME_DIR stays what it is.
        mock.patch.dict(os.environ, {"WAYLAND_DISPLAY": str(compositor.socket)}),
    ):
        for foreign in ("DISPLAY", "XDG_SESSION_TYPE"):
            os.environ.pop(foreign, None)
        with (
            busy_workers(Path(folder)) as tasks,
            closing(VirtualKeyboardHand(compositor.socket)) as hand,
        ):
            yield from pause_rows("wayland", TARGET, tasks, hand.press, PEER)
