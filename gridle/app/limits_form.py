"""The owner's limits as a form that is made from the fields of the model, and from nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gridle.app import texts
from gridle.app.hours_grid import HoursGrid
from gridle.app.limit_editors import (
    ChoiceEditor,
    ChoicesEditor,
    Editor,
    MoneyEditor,
    NumberEditor,
    SuggestingEditor,
    SwitchEditor,
    TextEditor,
    WordsEditor,
)
from gridle.app.parts import Card, hint, label
from gridle.app.tariff_names import tariff_names
from gridle.app.texts import say
from gridle.market.protocol.errors import InvalidInputError
from gridle.worker.policy.limit_fields import Field, FieldKind, limit_fields, value_of, with_values
from gridle.worker.policy.limit_meta import Section
from gridle.worker.policy.limits import Limits
from gridle.worker.policy.week_hours import DAY_NAMES, week_text

_GAP_PX = 14
_ROW_GAP_PX = 9
_EDITOR_WIDTH_PX = 200
_PAIRS = (
    (Section.AWAY, Section.IN_USE),
    (Section.PRESENCE, Section.NETWORK),
    (Section.GUARDS, Section.ELECTRICITY),
    (Section.TASKS, Section.PROGRAMS),
)
_WHOLE_ROW = (FieldKind.SWITCH, FieldKind.WORDS, FieldKind.WEEK)


class LimitsForm(QWidget):
    """One control a field; `edited` comes after what the owner does, not after `show_limits`."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("scrolled")
        self.editors: dict[str, Editor] = {}
        self._shown: Limits | None = None
        self._is_shown_to = False
        """Whether it is the program that changes the controls now."""
        self.cards = {section: Card(say(section.value)) for section in Section}
        self._grids: dict[Section, QGridLayout] = {}
        for section, card in self.cards.items():
            grid = self._grids[section] = QGridLayout()
            grid.setVerticalSpacing(_ROW_GAP_PX)
            grid.setHorizontalSpacing(_GAP_PX)
            grid.setColumnStretch(0, 1)
            grid.setColumnMinimumWidth(1, _EDITOR_WIDTH_PX)
            card.body.addLayout(grid)
        self.week_words = label("muted", wraps=True)
        for field in limit_fields():
            self._add(field)
        self._finish_cards()
        self._follow_currency()
        self._lay_out()

    def show_limits(self, limits: Limits) -> None:
        """Show limits; what the owner has changed here and not applied stays."""
        before, self._shown = self._shown, limits
        if before == limits:
            return
        self._is_shown_to = True
        for field in limit_fields():
            editor = self.editors[field.key]
            if before is None or editor.held() == value_of(before, field.key):
                editor.show_value(value_of(limits, field.key))
        self._is_shown_to = False

    def fill(self, limits: Limits) -> None:
        """Put values into all controls, as if the owner had entered them."""
        self._is_shown_to = True
        for field in limit_fields():
            self.editors[field.key].show_value(value_of(limits, field.key))
        self._is_shown_to = False
        self.edited.emit()

    def held(self) -> Limits:
        """Return the limits that were shown, with what the owner changed.

        Raises:
            InvalidInputError: a text does not fit its field; the sentence names it.
        """
        assert self._shown is not None  # noqa: S101 - the panel asks only then
        changes: dict[str, object] = {}
        for field in limit_fields():
            value = self.editors[field.key].held()
            if value != value_of(self._shown, field.key):
                changes[field.key] = _fitting(field, value)
        return with_values(self._shown, changes)

    def _add(self, field: Field) -> None:
        made = _editor(field)
        assert isinstance(made, QWidget)  # noqa: S101 - all of them are
        self.editors[field.key] = made
        made.edited.connect(self._tell)
        name = f"{say(field.section.value)}: {say(field.label)}"
        made.setAccessibleName(name)
        if field.help is not None:
            made.setToolTip(hint(say(field.help)))
            made.setAccessibleDescription(say(field.help))
        grid = self._grids[field.section]
        row = grid.rowCount()
        if field.kind is not FieldKind.SWITCH:
            caption = _caption(field, made)
            grid.addWidget(caption, row, 0, 1, 2 if field.kind in _WHOLE_ROW else 1)
        if field.kind is FieldKind.SWITCH:
            grid.addWidget(made, row, 0, 1, 2)
        elif field.kind in _WHOLE_ROW:
            grid.addWidget(made, row + 1, 0, 1, 2)
        else:
            grid.addWidget(made, row, 1)

    def _tell(self) -> None:
        if not self._is_shown_to:
            self.edited.emit()

    def _finish_cards(self) -> None:
        self.cards[Section.IN_USE].body.addWidget(
            label("muted", say(texts.IN_USE_NOTE), wraps=True)
        )
        self.cards[Section.HOURS].body.addWidget(self.week_words)
        self.cards[Section.HOURS].body.addWidget(label("muted", say(texts.HOURS_NOTE), wraps=True))
        self.cards[Section.PROGRAMS].body.addWidget(
            label("muted", say(texts.PROGRAMS_NOTE), wraps=True)
        )
        for card in self.cards.values():
            card.body.addStretch(1)
        for editor in self.editors.values():
            if isinstance(editor, HoursGrid):
                editor.edited.connect(lambda grid=editor: self._say_week(grid))

    def _say_week(self, grid: HoursGrid) -> None:
        week = grid.held()
        assert isinstance(week, tuple)  # noqa: S101 - as the grid has it
        self.week_words.setText(week_text(week, [say(day) for day in DAY_NAMES]))

    def _follow_currency(self) -> None:
        """Amounts say the currency that is entered beside them."""
        currency = self.editors["electricity.currency"]

        def follow() -> None:
            for editor in self.editors.values():
                if isinstance(editor, MoneyEditor):
                    editor.show_currency(str(currency.held()))

        currency.edited.connect(follow)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, _ROW_GAP_PX, 0)
        layout.setSpacing(_GAP_PX)
        for pair in _PAIRS:
            row = QHBoxLayout()
            row.setSpacing(_GAP_PX)
            for section in pair:
                row.addWidget(self.cards[section], stretch=1)
            layout.addLayout(row)
        paired = {section for pair in _PAIRS for section in pair}
        for section in Section:
            if section not in paired:
                layout.addWidget(self.cards[section])


def _editor(field: Field) -> Editor:
    if field.key == "electricity.tariff":
        return SuggestingEditor(tariff_names())
    if field.is_money:
        return MoneyEditor(field)
    kinds: Mapping[FieldKind, Callable[[Field], Editor]] = {
        FieldKind.NUMBER: NumberEditor,
        FieldKind.SWITCH: SwitchEditor,
        FieldKind.CHOICE: ChoiceEditor,
        FieldKind.CHOICES: ChoicesEditor,
        FieldKind.WORDS: WordsEditor,
        FieldKind.WEEK: HoursGrid,
        FieldKind.TEXT: TextEditor,
    }
    return kinds[field.kind](field)


def _caption(field: Field, editor: QWidget) -> QLabel:
    caption = label("", say(field.label), wraps=True)
    caption.setBuddy(editor)
    caption.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
    return caption


def _fitting(field: Field, untrusted_value: object) -> object:
    try:
        return field.checked(untrusted_value)
    except InvalidInputError as error:
        example = field.example
        raise InvalidInputError(
            texts.DOES_NOT_FIT.en.format(label=field.label.en, example=example),
            texts.DOES_NOT_FIT.zh.format(label=field.label.zh, example=example),
        ) from error
