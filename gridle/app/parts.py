"""The few building blocks that all panels are made of."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

CARD_MARGIN_PX = 18
GAP_PX = 10


def label(name: str = "", text: str = "", *, wraps: bool = False) -> QLabel:
    """Return a label of a style (`name` is its object name in the stylesheet)."""
    made = QLabel(text)
    made.setObjectName(name)
    made.setWordWrap(wraps)
    # What others wrote is shown as it is, never read as markup.
    made.setTextFormat(Qt.TextFormat.PlainText)
    return made


def hint(untrusted_text: str) -> str:
    """Return what others wrote as a tool tip, which Qt would read as markup where it looks so.

    Markup could name pictures, and with them files or other machines that Qt would then open.
    """
    return f"<qt>{escape(untrusted_text)}</qt>"


class Card(QFrame):
    """A rounded frame with a title; content goes into `body`."""

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAccessibleName(title)
        self.body = QVBoxLayout(self)
        margin = CARD_MARGIN_PX
        self.body.setContentsMargins(margin, margin - 4, margin, margin - 2)
        self.body.setSpacing(GAP_PX)
        if title:
            self.body.addWidget(label("cardTitle", title))
