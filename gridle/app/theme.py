"""Icons and the stylesheet, light or dark as the desktop is."""

from __future__ import annotations

from functools import cache
from string import Template

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from gridle.resources_folder import resources_folder


def icon(name: str) -> QIcon:
    """Return an icon of ours by its file's name without ending."""
    return QIcon(str(resources_folder() / "icons" / f"{name}.svg"))


def stylesheet(*, dark: bool) -> str:
    """Return the stylesheet with the colours of a scheme put in."""
    folder = resources_folder() / "styles"
    icons = (resources_folder() / "icons").as_posix()
    return Template((folder / "gridle.qss").read_text("utf-8")).substitute(
        _colours(dark=dark), icons=icons
    )


def colour(name: str) -> QColor:
    """Return a colour of the scheme that the desktop has now, for what is drawn by hand."""
    return QColor(_colours(dark=_is_dark())[name])


def follow_desktop(application: QApplication) -> None:
    """Dress the application as the desktop is now, and again whenever that changes."""
    hints = QGuiApplication.styleHints()

    def dress() -> None:
        application.setStyleSheet(stylesheet(dark=_is_dark()))

    hints.colorSchemeChanged.connect(dress)
    application.setStyle("Fusion")
    dress()


def _is_dark() -> bool:
    return QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark


@cache
def _colours(*, dark: bool) -> dict[str, str]:
    path = resources_folder() / "styles" / ("dark.json" if dark else "light.json")
    return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
