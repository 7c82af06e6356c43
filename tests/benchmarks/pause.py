"""The pause after a real key press on a real X server."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from unittest import mock

from tests.benchmarks.busy_workers import busy_workers
from tests.benchmarks.pause_trial import Peer, pause_rows
from tests.benchmarks.table import Row
from tests.x_server import Hand, x_server

PEER = Peer("BOINC 7.20.5, measured earlier over 30 key presses: p50, max", 650.0, 1090.0)
TARGET = "≤ 250"


def measure() -> Iterator[Row]:
    """Yield p50, p99 and the worst of the trials, with all tasks that this machine runs busy."""
    with (
        tempfile.TemporaryDirectory(prefix="gridle-bench-") as folder,
        x_server() as display,
        mock.patch.dict(os.environ, {"DISPLAY": display}),
    ):
        for foreign in ("WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
            os.environ.pop(foreign, None)
        with busy_workers(Path(folder)) as tasks, closing(Hand(display)) as hand:
            yield from pause_rows("x11", TARGET, tasks, hand.press, PEER)
