"""Money: today, in total, and in its three stages pending → earned → paid."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gridle.app import texts
from gridle.app.parts import Card, label
from gridle.app.presentation import money
from gridle.app.texts import say
from gridle.market.protocol.money_text import UNKNOWN
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.messages import WorkerState


class EarningsPanel(Card):
    """Figures stay when the worker goes: they were true, and only grow."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(say(texts.EARNINGS), parent)
        self.today, self.total = label("figure", UNKNOWN), label("figure", UNKNOWN)
        self.pending, self.earned, self.paid = (label("stageFigure", UNKNOWN) for _ in range(3))
        self.done = label("muted")
        figures = QHBoxLayout()
        figures.addLayout(_figure(texts.TODAY, self.today))
        figures.addLayout(_figure(texts.TOTAL, self.total))
        stages = QHBoxLayout()
        stages.setSpacing(8)
        stages.addWidget(_stage(texts.PENDING, texts.PENDING_HINT, self.pending), stretch=1)
        stages.addWidget(label("muted", "→"))
        stages.addWidget(_stage(texts.EARNED, texts.EARNED_HINT, self.earned), stretch=1)
        stages.addWidget(label("muted", "→"))
        stages.addWidget(_stage(texts.PAID, texts.PAID_HINT, self.paid), stretch=1)
        self.body.addLayout(figures)
        self.body.addLayout(stages)
        self.body.addWidget(self.done)
        self.body.addStretch(1)

    def show_state(self, state: WorkerState | None) -> None:
        """Show the worker's figures."""
        if state is None:
            return
        chain, sums = state.market.chain, state.earnings
        self.today.setText(money(sums.today_units, chain))
        self.total.setText(money(sums.earned_units + sums.paid_units, chain))
        self.pending.setText(money(sums.pending_units, chain))
        self.earned.setText(money(sums.earned_units, chain))
        self.paid.setText(money(sums.paid_units, chain))
        self.done.setText(say(texts.TASKS_DONE, count=sums.tasks_done))


def _figure(name: Sentence, figure: QLabel) -> QVBoxLayout:
    figure.setAccessibleName(say(name))
    column = QVBoxLayout()
    column.setSpacing(0)
    column.addWidget(label("muted", say(name)))
    column.addWidget(figure)
    return column


def _stage(name: Sentence, hint: Sentence, figure: QLabel) -> QFrame:
    frame = QFrame()
    frame.setObjectName("stage")
    frame.setToolTip(say(hint))
    figure.setAccessibleName(say(name))
    figure.setAccessibleDescription(say(hint))
    column = QVBoxLayout(frame)
    column.setContentsMargins(10, 8, 10, 8)
    column.setSpacing(2)
    column.addWidget(label("muted", say(name)))
    column.addWidget(figure)
    return frame
