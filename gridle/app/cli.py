"""`gridle app`: opens the window and the tray icon.

usage: gridle app [--worker-home DIR] [--practice DIR]
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QMetaObject, Qt
from PySide6.QtWidgets import QApplication

from gridle.app import texts
from gridle.app.program import Program
from gridle.app.texts import say
from gridle.app.theme import follow_desktop, icon
from gridle.lifeline import OPTION, end_with_parent
from gridle.market.protocol.errors import UnavailableError
from gridle.worker.ipc.endpoint import worker_home


def main(arguments: list[str]) -> int:
    """Run the app until it is quit.

    Raises:
        UnavailableError: there is no screen.
    """
    chosen = _parser().parse_args(arguments)
    if not has_screen(dict(os.environ), sys.platform):
        raise UnavailableError(texts.NO_SCREEN.en, texts.NO_SCREEN.zh)
    # Python would see Ctrl-C only at the next event; the app has nothing to save.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    application = QApplication([texts.APP_NAME.en])
    application.setApplicationName(texts.APP_NAME.en)
    application.setDesktopFileName("gridle")
    application.setWindowIcon(icon("gridle"))
    # With a tray icon the program goes on without a window.
    application.setQuitOnLastWindowClosed(False)
    follow_desktop(application)
    program = Program(application, chosen.worker_home or worker_home(), chosen.practice)
    program.open()
    if chosen.with_parent:
        end_with_parent(lambda: _quit_soon(application))
    status = application.exec()
    program.close()
    return status


def _quit_soon(application: QApplication) -> None:
    """Ask the application to end, from any thread."""
    QMetaObject.invokeMethod(application, "quit", Qt.ConnectionType.QueuedConnection)


def has_screen(environment: dict[str, str], platform: str) -> bool:
    """Tell whether a window can be opened: Qt would end the process where it cannot."""
    if platform in ("win32", "darwin"):
        return True
    return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gridle app", usage=say(texts.USAGE).partition(" ")[2])
    parser.add_argument("--worker-home", type=Path)
    parser.add_argument("--practice", type=Path)
    parser.add_argument(OPTION, action="store_true", help=argparse.SUPPRESS)
    return parser
