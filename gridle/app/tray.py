"""The icon in the tray: the state by its shape, the reason and today's earnings in words."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from gridle.app import texts
from gridle.app.pause_choices import PauseChoice
from gridle.app.presentation import Headline, can_finish, can_pause, tooltip
from gridle.app.texts import say
from gridle.app.theme import icon
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.messages import WorkerState

_CLICKS = (
    QSystemTrayIcon.ActivationReason.Trigger,
    QSystemTrayIcon.ActivationReason.DoubleClick,
)


class Tray(QObject):
    """Emits what was chosen in its menu."""

    start_asked = Signal()
    pause_for_asked = Signal(object)  # a PauseChoice
    finish_asked = Signal()
    open_asked = Signal()
    quit_asked = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.icon = QSystemTrayIcon(self)
        self.menu = QMenu()
        self.start = self._entry(texts.START, self.start_asked)
        self.pauses: dict[PauseChoice, QAction] = {}
        for choice in PauseChoice:
            entry = self.menu.addAction(say(choice.value))
            entry.triggered.connect(lambda _=False, each=choice: self.pause_for_asked.emit(each))
            self.pauses[choice] = entry
        self.finish = self._entry(texts.FINISH, self.finish_asked)
        self.menu.addSeparator()
        self._entry(texts.OPEN, self.open_asked)
        self._entry(texts.QUIT, self.quit_asked)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._activated)

    @property
    def is_there(self) -> bool:
        """Whether this desktop shows tray icons now."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def show_state(self, head: Headline, state: WorkerState | None, *, can_press: bool) -> None:
        """Show what the worker does now."""
        self.icon.setIcon(icon(f"tray-{head.look}"))
        self.icon.setToolTip(tooltip(head, state))
        self.start.setEnabled(can_press and head.offers_start)
        for entry in self.pauses.values():
            entry.setEnabled(can_pause(state))
        self.finish.setEnabled(can_finish(state))

    def tell(self, sentence: Sentence) -> None:
        """Show a note beside the icon."""
        self.icon.showMessage(say(texts.APP_NAME), say(sentence), icon("gridle"))

    def _entry(self, words: Sentence, chosen: SignalInstance) -> QAction:
        action = QAction(say(words), self)
        action.triggered.connect(chosen)
        self.menu.addAction(action)
        return action

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in _CLICKS:
            self.open_asked.emit()
