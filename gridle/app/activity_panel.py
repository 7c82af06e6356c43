"""The state in one word, why in one sentence, and the large button that changes it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gridle.app import texts
from gridle.app.parts import Card, label
from gridle.app.presentation import Headline
from gridle.app.texts import say
from gridle.app.theme import icon
from gridle.worker.ipc.messages import WorkerState

_ICON_PX = 64


class ActivityPanel(Card):
    """Emits `start_asked` and `pause_asked`."""

    start_asked = Signal()
    pause_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.picture = QLabel()
        self.picture.setFixedSize(_ICON_PX, _ICON_PX)
        self.title = label("stateTitle")
        self.reason = label("reason", wraps=True)
        self.detail = label("muted", wraps=True)
        self.button = QPushButton()
        self.button.setObjectName("startPause")
        self.button.setIconSize(QSize(22, 22))
        self.button.clicked.connect(self._clicked)
        self._offers_start = True
        words = QVBoxLayout()
        words.setSpacing(4)
        for part in (self.title, self.reason, self.detail):
            words.addWidget(part)
        row = QHBoxLayout()
        row.setSpacing(18)
        row.addWidget(self.picture)
        row.addLayout(words, stretch=1)
        row.addWidget(self.button)
        self.body.addLayout(row)

    def show_state(self, head: Headline, state: WorkerState | None, *, can_press: bool) -> None:
        """Show what the worker does now."""
        self._offers_start = head.offers_start
        self.picture.setPixmap(icon(f"state-{head.look}").pixmap(QSize(_ICON_PX, _ICON_PX)))
        self.picture.setAccessibleName(head.title)
        self.title.setText(head.title)
        self.reason.setText(head.sentence)
        self.detail.setText(_allowed(state))
        self.detail.setVisible(bool(self.detail.text()))
        words, hint = (
            (texts.START, texts.START_HINT)
            if head.offers_start
            else (texts.PAUSE, texts.PAUSE_HINT)
        )
        self.button.setText(say(words))
        self.button.setToolTip(say(hint))
        self.button.setAccessibleDescription(say(hint))
        self.button.setEnabled(can_press)

    def _clicked(self) -> None:
        (self.start_asked if self._offers_start else self.pause_asked).emit()


def _allowed(state: WorkerState | None) -> str:
    if state is None or state.allowed_cores == 0:
        return ""
    return say(
        texts.ALLOWED,
        cpu=state.allowed_cpu_percent,
        cores=state.allowed_cores,
        machine=state.machine_cores,
    )
