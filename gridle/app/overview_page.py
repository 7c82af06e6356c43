"""The first page: what happens, what it earns, where the money goes, and what to know."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gridle.app import texts
from gridle.app.activity_panel import ActivityPanel
from gridle.app.balance_reader import BalanceReader
from gridle.app.earnings_panel import EarningsPanel
from gridle.app.parts import Card, label
from gridle.app.presentation import Headline, notices
from gridle.app.tasks_panel import TasksPanel
from gridle.app.texts import say
from gridle.app.wallet_panel import WalletPanel
from gridle.worker.ipc.messages import WorkerState

_GAP_PX = 14


class OverviewPage(QWidget):
    """Puts the panels in their places."""

    def __init__(self, reader: BalanceReader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.activity = ActivityPanel()
        self.earnings = EarningsPanel()
        self.wallet = WalletPanel(reader)
        self.tasks = TasksPanel()
        self.notices = NoticesPanel()
        money = QHBoxLayout()
        money.setSpacing(_GAP_PX)
        money.addWidget(self.earnings, stretch=3)
        money.addWidget(self.wallet, stretch=2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(_GAP_PX)
        layout.addWidget(self.activity)
        layout.addLayout(money)
        layout.addWidget(self.tasks)
        layout.addWidget(self.notices)
        layout.addStretch(1)

    def show_state(self, head: Headline, state: WorkerState | None, *, can_press: bool) -> None:
        """Show what the worker does now."""
        self.activity.show_state(head, state, can_press=can_press)
        self.earnings.show_state(state)
        self.wallet.show_state(state)
        self.tasks.show_state(state)
        self.notices.show_lines(notices(state) if state is not None else ())


class NoticesPanel(Card):
    """One line for each thing to know; hidden where there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(say(texts.NOTICES), parent)
        self.lines: tuple[str, ...] = ()
        self._labels: list[QLabel] = []
        self.hide()

    def show_lines(self, lines: tuple[str, ...]) -> None:
        """Show exactly these lines."""
        if lines == self.lines:
            return
        self.lines = lines
        for old in self._labels:
            old.deleteLater()
        self._labels = [label("", f"•  {line}", wraps=True) for line in lines]
        for new in self._labels:
            self.body.addWidget(new)
        self.setVisible(bool(lines))
