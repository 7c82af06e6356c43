"""Starting the worker as a process of its own, which outlives the app."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QProcessEnvironment


def start_worker(worker_home: Path) -> bool:
    """Start `gridle worker run` detached; returns whether the process could be started."""
    environment = QProcessEnvironment.systemEnvironment()
    environment.insert("GRIDLE_WORKER_HOME", str(worker_home))
    process = QProcess()
    process.setProgram(sys.executable)
    process.setArguments(["-m", "gridle", "worker", "run"])
    process.setProcessEnvironment(environment)
    process.setStandardInputFile(QProcess.nullDevice())
    process.setStandardOutputFile(QProcess.nullDevice())
    process.setStandardErrorFile(QProcess.nullDevice())
    started = process.startDetached()
    # The stub has the static overload's pair; the call on an object gives the flag alone.
    return bool(started[0]) if isinstance(started, tuple) else bool(started)
