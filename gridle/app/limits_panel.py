"""The owner's limits as a form; nothing is sent before Apply."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QSpinBox, QVBoxLayout, QWidget

from gridle.app import texts
from gridle.app.budget_form import BudgetForm
from gridle.app.parts import Card, label
from gridle.app.texts import say
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.messages import WorkerState
from gridle.worker.policy.limits import Limits

_MOST_IDLE_S = 86400
_IDLE_STEP_S = 10


class LimitsPanel(QWidget):
    """Emits `limits_asked` with the new `Limits`; edits under way are never overwritten."""

    limits_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state: WorkerState | None = None
        self._shown: Limits | None = None
        self.away = BudgetForm(texts.AWAY_TITLE)
        self.in_use = BudgetForm(texts.IN_USE_TITLE)
        self.in_use.body.addWidget(label("muted", say(texts.IN_USE_NOTE), wraps=True))
        self.away.body.addStretch(1)
        self.pause = QCheckBox(say(texts.PAUSE_WHEN_USED))
        self.battery = QCheckBox(say(texts.RUN_ON_BATTERY))
        self.idle = QSpinBox()
        self.idle.setRange(1, _MOST_IDLE_S)
        self.idle.setSingleStep(_IDLE_STEP_S)
        self.idle.setSuffix(say(texts.SECONDS))
        self.idle.setAccessibleName(say(texts.IDLE_AFTER).replace("&", ""))
        self.note = label("muted", wraps=True)
        self.apply = QPushButton(say(texts.APPLY))
        self.apply.setObjectName("primary")
        self.revert = QPushButton(say(texts.REVERT))
        self._lay_out()
        for edited in (self.away.edited, self.in_use.edited, self.idle.valueChanged):
            edited.connect(self._edited)
        for box in (self.pause, self.battery):
            box.toggled.connect(self._edited)
        self.apply.clicked.connect(lambda: self.limits_asked.emit(self.limits()))
        self.revert.clicked.connect(self._revert)
        self._edited()

    def show_state(self, state: WorkerState | None) -> None:
        """Take in the worker's limits, unless the owner is changing them here."""
        edited = self._shown is not None and self.limits() != self._shown
        self._state = state
        if state is not None and (not edited or self.limits() == state.limits):
            self._fill(state)
        elif state is not None:
            self._shown = state.limits
        if state is None:
            self.note.setText(say(texts.LIMITS_NEED_WORKER))
        elif self.note.text() == say(texts.LIMITS_NEED_WORKER):
            self.note.clear()
        self._edited()

    def show_answer(self, error: Sentence | None) -> None:
        """Say whether the limits were taken."""
        self.note.setText(say(texts.APPLIED if error is None else error))

    def limits(self) -> Limits:
        """Return what the form says."""
        return Limits(
            while_away=self.away.budget(),
            while_in_use=self.in_use.budget(),
            pause_when_used=self.pause.isChecked(),
            idle_after_s=self.idle.value(),
            run_on_battery=self.battery.isChecked(),
        )

    def _lay_out(self) -> None:
        idle = QHBoxLayout()
        caption = label("", say(texts.IDLE_AFTER))
        caption.setBuddy(self.idle)
        idle.addWidget(caption)
        idle.addWidget(self.idle)
        idle.addStretch(1)
        habits = Card()
        habits.body.addWidget(self.pause)
        habits.body.addLayout(idle)
        habits.body.addWidget(self.battery)
        budgets = QHBoxLayout()
        budgets.setSpacing(14)
        budgets.addWidget(self.away)
        budgets.addWidget(self.in_use)
        buttons = QHBoxLayout()
        buttons.addWidget(self.note, stretch=1)
        buttons.addWidget(self.revert)
        buttons.addWidget(self.apply)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(14)
        layout.addWidget(habits)
        layout.addLayout(budgets)
        layout.addLayout(buttons)
        layout.addStretch(1)

    def _fill(self, state: WorkerState) -> None:
        limits = state.limits
        self._shown = limits
        cores, memory_bytes = state.machine_cores, state.machine_memory_bytes
        self.away.show_budget(limits.while_away, cores, memory_bytes)
        self.in_use.show_budget(limits.while_in_use, cores, memory_bytes)
        self.pause.setChecked(limits.pause_when_used)
        self.battery.setChecked(limits.run_on_battery)
        self.idle.setValue(limits.idle_after_s)

    def _revert(self) -> None:
        if self._state is not None:
            self._fill(self._state)
            self._edited()

    def _edited(self) -> None:
        changed = self._state is not None and self.limits() != self._state.limits
        self.apply.setEnabled(changed)
        self.revert.setEnabled(changed)
        self.in_use.setEnabled(not self.pause.isChecked())
