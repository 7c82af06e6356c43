"""The state in one word, why in one sentence, and the buttons that change it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gridle.app import texts
from gridle.app.parts import Card, label
from gridle.app.pause_choices import PauseChoice
from gridle.app.presentation import Headline, allowed, also, can_finish, can_pause
from gridle.app.texts import say
from gridle.app.theme import icon
from gridle.worker.ipc.messages import WorkerState
from gridle.worker.state_words import electricity

_ICON_PX = 64


class ActivityPanel(Card):
    """Emits what was asked for."""

    start_asked = Signal()
    pause_asked = Signal()
    pause_for_asked = Signal(object)  # a PauseChoice
    finish_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.picture = QLabel()
        self.picture.setFixedSize(_ICON_PX, _ICON_PX)
        self.title = label("stateTitle")
        self.reason = label("reason", wraps=True)
        self.until = label("until")
        self.also, self.detail, self.power = (label("muted", wraps=True) for _ in range(3))
        self.button = QPushButton()
        self.button.setObjectName("startPause")
        self.button.setIconSize(QSize(22, 22))
        self.button.clicked.connect(self._clicked)
        self._offers_start = True
        self.pauses = QMenu(self)
        for choice in PauseChoice:
            chosen = self.pauses.addAction(say(choice.value))
            chosen.triggered.connect(lambda _=False, each=choice: self.pause_for_asked.emit(each))
        self.pause_for = QPushButton(say(texts.PAUSE_FOR))
        self.pause_for.setMenu(self.pauses)
        self.finish = QPushButton(say(texts.FINISH))
        self.finish.setToolTip(say(texts.FINISH_HINT))
        self.finish.setAccessibleDescription(say(texts.FINISH_HINT))
        self.finish.clicked.connect(self.finish_asked)
        self._lay_out()

    def show_state(self, head: Headline, state: WorkerState | None, *, can_press: bool) -> None:
        """Show what the worker does now."""
        self._offers_start = head.offers_start
        self.picture.setPixmap(icon(f"state-{head.look}").pixmap(QSize(_ICON_PX, _ICON_PX)))
        self.picture.setAccessibleName(head.title)
        self.title.setText(head.title)
        self.reason.setText(head.sentence)
        power = electricity(state) if state is not None else None
        for line, text in (
            (self.until, head.until),
            (self.also, also(state) if state is not None else ""),
            (self.detail, allowed(state) if state is not None else ""),
            (self.power, say(power) if power is not None else ""),
        ):
            line.setText(text)
            line.setVisible(bool(text))
        words, hint = (
            (texts.START, texts.START_HINT)
            if head.offers_start
            else (texts.PAUSE, texts.PAUSE_HINT)
        )
        self.button.setText(say(words))
        self.button.setToolTip(say(hint))
        self.button.setAccessibleDescription(say(hint))
        self.button.setEnabled(can_press)
        self.pause_for.setEnabled(can_pause(state))
        self.finish.setEnabled(can_finish(state))

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(4)
        for part in (self.title, self.reason, self.until, self.also, self.detail, self.power):
            words.addWidget(part)
        words.addStretch(1)
        buttons = QVBoxLayout()
        buttons.setSpacing(8)
        for button in (self.button, self.pause_for, self.finish):
            buttons.addWidget(button)
        buttons.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(18)
        row.addWidget(self.picture)
        row.addLayout(words, stretch=1)
        row.addLayout(buttons)
        self.body.addLayout(row)

    def _clicked(self) -> None:
        (self.start_asked if self._offers_start else self.pause_asked).emit()
