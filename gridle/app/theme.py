"""Icons and the stylesheet, light or dark as the desktop is."""

from __future__ import annotations

import json
from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from gridle.resources_folder import resources_folder


def icon(name: str) -> QIcon:
    """Return an icon of ours by its file's name without ending."""
    return QIcon(str(resources_folder() / "icons" / f"{name}.svg"))


def stylesheet(*, dark: bool) -> str:
    """Return the stylesheet with the colours of a scheme put in."""
    folder = resources_folder() / "styles"
    colours = json.loads((folder / ("dark.json" if dark else "light.json")).read_text("utf-8"))
    icons = (resources_folder() / "icons").as_posix()
    return Template((folder / "gridle.qss").read_text("utf-8")).substitute(colours, icons=icons)


def follow_desktop(application: QApplication) -> None:
    """Dress the application as the desktop is now, and again whenever that changes."""
    hints = QGuiApplication.styleHints()

    def dress() -> None:
        application.setStyleSheet(stylesheet(dark=hints.colorScheme() is Qt.ColorScheme.Dark))

    hints.colorSchemeChanged.connect(dress)
    application.setStyle("Fusion")
    dress()
