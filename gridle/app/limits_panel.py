"""The page of limits: presets, the form, Apply and Undo; nothing is sent before Apply."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from gridle.app import texts
from gridle.app.limits_form import LimitsForm
from gridle.app.parts import label
from gridle.app.texts import say
from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.messages import WorkerState
from gridle.worker.policy.limit_meta import Section
from gridle.worker.policy.limits import Limits
from gridle.worker.policy.presets import Preset, with_preset

_GAP_PX = 14


class LimitsPanel(QWidget):
    """Emits `limits_asked` with the new `Limits`; edits under way are never overwritten."""

    limits_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state: WorkerState | None = None
        self.form = LimitsForm()
        self.presets = {preset: QPushButton(say(words)) for preset, words in texts.PRESETS.items()}
        self.note = label("muted", wraps=True)
        self.apply = QPushButton(say(texts.APPLY))
        self.apply.setObjectName("primary")
        self.revert = QPushButton(say(texts.REVERT))
        self._lay_out()
        for preset, button in self.presets.items():
            hint = say(texts.PRESET_HINTS[preset])
            button.setToolTip(hint)
            button.setAccessibleDescription(hint)
            button.clicked.connect(lambda _=False, preset=preset: self._fill(preset))
        self.form.edited.connect(self._edited)
        self.apply.clicked.connect(self._apply)
        self.revert.clicked.connect(self._revert)
        self._follow()

    def show_state(self, state: WorkerState | None) -> None:
        """Take in the worker's limits, unless the owner is changing them here."""
        self._state = state
        if state is not None:
            self.form.show_limits(state.limits)
            if self.note.text() == say(texts.LIMITS_NEED_WORKER):
                self.note.clear()
        else:
            self.note.setText(say(texts.LIMITS_NEED_WORKER))
        self._follow()

    def show_answer(self, error: Sentence | None) -> None:
        """Say whether the limits were taken."""
        self.note.setText(say(texts.APPLIED if error is None else error))

    def limits(self) -> Limits | None:
        """Return what the form says; None where that cannot be, and the note says why."""
        if self._state is None:
            return None
        try:
            return self.form.held()
        except InvalidInputError as error:
            self.note.setText(say(error.sentence))
            return None

    def _lay_out(self) -> None:
        choices = QHBoxLayout()
        choices.setSpacing(_GAP_PX)
        choices.addWidget(label("", say(texts.PRESET_LABEL)))
        for button in self.presets.values():
            choices.addWidget(button)
        choices.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(self.form)
        buttons = QHBoxLayout()
        buttons.addWidget(self.note, stretch=1)
        buttons.addWidget(self.revert)
        buttons.addWidget(self.apply)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(_GAP_PX)
        layout.addLayout(choices)
        layout.addWidget(scroll, stretch=1)
        layout.addLayout(buttons)

    def _fill(self, preset: Preset) -> None:
        state, limits = self._state, self.limits()
        if state is not None and limits is not None:
            machine = (state.machine_cores, state.machine_memory_bytes)
            self.form.fill(with_preset(limits, preset, *machine))

    def _apply(self) -> None:
        limits = self.limits()
        if limits is not None:
            self.limits_asked.emit(limits)

    def _revert(self) -> None:
        if self._state is not None:
            self.form.fill(self._state.limits)

    def _edited(self) -> None:
        if self._state is not None:
            self.note.clear()
        self._follow()

    def _follow(self) -> None:
        """Offer what can be done with what the form holds now."""
        limits = self.limits()
        state = self._state
        changed = state is not None and limits != state.limits
        self.apply.setEnabled(changed and limits is not None)
        self.revert.setEnabled(changed)
        for button in self.presets.values():
            button.setEnabled(limits is not None)
        pauses = bool(self.form.editors["pause_when_used"].held())
        self.form.cards[Section.IN_USE].setEnabled(not pauses)
