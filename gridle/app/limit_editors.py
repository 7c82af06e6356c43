"""One control for each kind of field that limits have.

Each shows a value with `show_value`, gives back what it holds with `held`, and emits `edited`
when that changes. What was shown and not touched is given back exactly as it was.
"""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QLocale, Qt, Signal, SignalInstance
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QWidget,
)

from gridle.app import texts
from gridle.app.texts import say
from gridle.worker.policy.limit_fields import MICROS, Field
from gridle.worker.state_words import MICROS as PER_UNIT
from gridle.worker.state_words import amount

_COARSE_FROM = 1000
"""A range that reaches further is stepped through by its leading digits."""
_LEAST_WIDTH_PX = 150
_SHOWN_LINES = 3
_TEXT_INDENT_PX = 6


class Editor(Protocol):
    """What every control here can do."""

    edited: SignalInstance

    def show_value(self, value: object) -> None:
        """Show a field's value."""

    def held(self) -> object:
        """Return what the control holds, which the field has yet to check."""


class NumberEditor(QSpinBox):
    """A whole number with its unit."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(field.least or 0, field.most or 0)
        self.setSuffix(say(texts.UNITS[field.unit]) if field.unit in texts.UNITS else _unit(field))
        if field.zero is not None:
            self.setSpecialValueText(say(field.zero))
        _dress(self, is_coarse=self.maximum() > _COARSE_FROM)
        self.valueChanged.connect(self.edited)

    def show_value(self, value: object) -> None:
        """Show a whole number."""
        assert isinstance(value, int)  # noqa: S101 - as the field's kind has it
        self.setValue(value)

    def held(self) -> object:
        """Return the number."""
        return self.value()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's own name
        """Scroll the page, unless this control was chosen."""
        _wheel_if_chosen(self, event) or super().wheelEvent(event)


class MoneyEditor(QDoubleSpinBox):
    """An amount in the owner's currency; inside it is a whole number of millionths."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._per = field.unit.removeprefix(MICROS)
        self.setDecimals(len(str(PER_UNIT)) - 1)
        self.setRange((field.least or 0) / PER_UNIT, (field.most or 0) / PER_UNIT)
        self.setSingleStep(0.01)
        _dress(self, is_coarse=False)
        self.valueChanged.connect(self.edited)

    def show_currency(self, untrusted_currency: str) -> None:
        """Say which currency the amount is in."""
        self.setSuffix(f" {untrusted_currency}{self._per}")

    def show_value(self, value: object) -> None:
        """Show millionths."""
        assert isinstance(value, int)  # noqa: S101 - as the field's kind has it
        self.setValue(value / PER_UNIT)

    def held(self) -> object:
        """Return millionths; doubles are exact to them far beyond every bound."""
        return round(self.value() * PER_UNIT)

    def textFromValue(self, value: float) -> str:  # noqa: N802 - Qt's own name
        """Leave out needless zeros."""
        return amount(round(value * PER_UNIT)).replace(".", QLocale().decimalPoint())

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's own name
        """Scroll the page, unless this control was chosen."""
        _wheel_if_chosen(self, event) or super().wheelEvent(event)


class SwitchEditor(QCheckBox):
    """Yes or no, with its own words beside it."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(say(field.label), parent)
        self.toggled.connect(self.edited)

    def show_value(self, value: object) -> None:
        """Show yes or no."""
        self.setChecked(bool(value))

    def held(self) -> object:
        """Return whether it is checked."""
        return self.isChecked()


class ChoiceEditor(QComboBox):
    """One of few words."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        for word, said in field.choices:
            self.addItem(say(said), word)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumWidth(_LEAST_WIDTH_PX)
        self.currentIndexChanged.connect(self.edited)

    def show_value(self, value: object) -> None:
        """Choose a word."""
        self.setCurrentIndex(self.findData(value))

    def held(self) -> object:
        """Return the word that is chosen."""
        return self.currentData()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's own name
        """Scroll the page, unless this control was chosen."""
        _wheel_if_chosen(self, event) or super().wheelEvent(event)


class ChoicesEditor(QWidget):
    """Some of few words, each with a box of its own."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[str, ...] = ()
        self.boxes: dict[str, QCheckBox] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for word, said in field.choices:
            box = QCheckBox(say(said))
            box.setAccessibleName(f"{say(field.label)}: {say(said)}")
            box.toggled.connect(self.edited)
            row.addWidget(box)
            self.boxes[word] = box
        row.addStretch(1)
        self.setFocusProxy(next(iter(self.boxes.values())))

    def show_value(self, value: object) -> None:
        """Check the boxes of these words."""
        assert isinstance(value, tuple)  # noqa: S101 - as the field's kind has it
        self._shown = value
        for word, box in self.boxes.items():
            box.setChecked(word in value)

    def held(self) -> object:
        """Return the words whose boxes are checked."""
        checked = tuple(word for word, box in self.boxes.items() if box.isChecked())
        return self._shown if set(checked) == set(self._shown) else checked


class WordsEditor(QPlainTextEdit):
    """A list of any words, one a line."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[str, ...] = ()
        self._as_shown = ""
        self.setTabChangesFocus(True)
        self.setPlaceholderText(say(texts.SUCH_AS, example=field.example.replace(",", ", ")))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        height = self.fontMetrics().lineSpacing() * _SHOWN_LINES
        self.setFixedHeight(height + 2 * (self.frameWidth() + 8))
        self.textChanged.connect(self.edited)

    def show_value(self, value: object) -> None:
        """Show a list."""
        assert isinstance(value, tuple)  # noqa: S101 - as the field's kind has it
        self._shown = value
        self.setPlainText("\n".join(value))
        self._as_shown = self.toPlainText()

    def held(self) -> object:
        """Return the lines that say something."""
        text = self.toPlainText()
        if text == self._as_shown:
            return self._shown
        return tuple(line.strip() for line in text.splitlines() if line.strip())


class TextEditor(QLineEdit):
    """A short text."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(say(texts.SUCH_AS, example=field.example))
        self.setMinimumWidth(_LEAST_WIDTH_PX)
        self.textChanged.connect(self.edited)

    def show_value(self, value: object) -> None:
        """Show a text."""
        self.setText(str(value))

    def held(self) -> object:
        """Return the text without spaces around it."""
        return self.text().strip()


class SuggestingEditor(QComboBox):
    """A short text, with some that are likely to be wanted."""

    edited = Signal()

    def __init__(self, suggestions: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEditable(True)
        self.addItems(["", *suggestions])
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumWidth(_LEAST_WIDTH_PX)
        self.editTextChanged.connect(self.edited)

    def show_value(self, value: object) -> None:
        """Show a text."""
        self.setEditText(str(value))

    def held(self) -> object:
        """Return the text without spaces around it."""
        return self.currentText().strip()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's own name
        """Scroll the page, unless this control was chosen."""
        _wheel_if_chosen(self, event) or super().wheelEvent(event)


def _unit(field: Field) -> str:
    return f" {field.unit}" if field.unit else ""


def _dress(box: QAbstractSpinBox, *, is_coarse: bool) -> None:
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.setMinimumWidth(_LEAST_WIDTH_PX)
    box.lineEdit().setTextMargins(_TEXT_INDENT_PX, 0, 0, 0)
    if is_coarse and isinstance(box, QSpinBox):
        box.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)


def _wheel_if_chosen(control: QWidget, event: QWheelEvent) -> bool:
    """Leave a wheel's turn to the page where the control has no focus; say whether it was left."""
    if control.hasFocus():
        return False
    event.ignore()
    return True
