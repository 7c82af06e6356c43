"""The hours of a week as a grid: a mark where work is allowed.

By mouse: click or drag. By keyboard: arrows move, Shift and arrows choose several, Space sets
all that are chosen. Each cell says its day, its hour and its state to a screen reader.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from gridle.app import texts
from gridle.app.texts import say
from gridle.app.theme import colour
from gridle.worker.policy.limit_fields import Field
from gridle.worker.policy.week_hours import DAY_NAMES, DAYS, HOURS, MAY, MAY_NOT

_MARK = "●"
_CELL_WIDTH_PX = 29
_CELL_HEIGHT_PX = 27
_HEAD_EVERY_H = 3
_EDGE_PX = 2
_FRAME_PX = 2

Index = QModelIndex | QPersistentModelIndex


class WeekModel(QAbstractTableModel):
    """Seven rows of 24 hours."""

    def __init__(self) -> None:
        super().__init__()
        self._week = [[MAY] * HOURS for _ in range(DAYS)]

    def week(self) -> tuple[str, ...]:
        """Return the rows as limits have them."""
        return tuple("".join(row) for row in self._week)

    def show_week(self, week: tuple[str, ...]) -> None:
        """Take rows as limits have them."""
        self._week = [list(row) for row in week]
        self._tell(self.index(0, 0), self.index(DAYS - 1, HOURS - 1))

    def may(self, index: Index) -> bool:
        """Whether work is allowed in an hour."""
        return self._week[index.row()][index.column()] == MAY

    def set_may(self, index: Index, *, may: bool) -> None:
        """Allow work in an hour, or not."""
        self._week[index.row()][index.column()] = MAY if may else MAY_NOT
        self._tell(index, index)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's own signature
        """Return the days."""
        return 0 if parent.isValid() else DAYS

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's own signature
        """Return the hours."""
        return 0 if parent.isValid() else HOURS

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """Describe one hour."""
        may = self.may(index)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _MARK if may else ""
            case Qt.ItemDataRole.AccessibleTextRole | Qt.ItemDataRole.ToolTipRole:
                state = texts.MAY_WORK if may else texts.MAY_NOT_WORK
                day, hour = say(DAY_NAMES[index.row()]), index.column()
                return say(texts.HOUR_OF, day=day, hour=hour, end=hour + 1, state=say(state))
            case _:
                return None

    def headerData(  # noqa: N802 - Qt's own name
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:  # noqa: ANN401 - Qt's own signature
        """Name days and hours."""
        if role == Qt.ItemDataRole.TextAlignmentRole and orientation is Qt.Orientation.Vertical:
            return Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation is Qt.Orientation.Vertical:
            return say(DAY_NAMES[section])
        return str(section) if section % _HEAD_EVERY_H == 0 else ""

    def _tell(self, first: Index, last: Index) -> None:
        self.dataChanged.emit(first, last)


class _HourPainter(QStyledItemDelegate):
    """Draws an hour: its state by colour and mark, and a frame where it is chosen or in hand."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one cell."""
        box: QRect = option.rect
        may = bool(index.data())
        painter.fillRect(box, colour("accent" if may else "window"))
        painter.setPen(colour("accent_text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(index.data()))
        chosen = QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_HasFocus
        if option.state & chosen:
            painter.setPen(QPen(colour("text"), _FRAME_PX))
            painter.drawRect(box.adjusted(1, 1, -1, -1))


class HoursGrid(QTableView):
    """Shows and changes a week; `edited` comes when the owner changes it."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("hours")
        self._week = WeekModel()
        self._paints: bool | None = None
        """What a drag that is under way sets."""
        self.setModel(self._week)
        self.setItemDelegate(_HourPainter(self))
        self.setToolTip(say(field.help or field.label))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        for header, size in (
            (self.horizontalHeader(), _CELL_WIDTH_PX),
            (self.verticalHeader(), _CELL_HEIGHT_PX),
        ):
            header.setMinimumSectionSize(size)
            header.setDefaultSectionSize(size)
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setSectionsClickable(False)
            header.setHighlightSections(False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        for policy in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            policy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setCurrentIndex(self._week.index(0, 0))
        self.clearSelection()

    def show_value(self, value: object) -> None:
        """Show a week."""
        assert isinstance(value, tuple)  # noqa: S101 - as the field's kind has it
        self._week.show_week(value)
        self.edited.emit()

    def held(self) -> object:
        """Return the week."""
        return self._week.week()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's own name
        """Take exactly the room that the whole week needs."""
        heads, days = self.horizontalHeader(), self.verticalHeader()
        return QSize(
            days.sizeHint().width() + heads.length() + _EDGE_PX,
            heads.sizeHint().height() + days.length() + _EDGE_PX,
        )

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's own name
        """Take no less."""
        return self.sizeHint()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's own name
        """Begin to set hours to the other state of the first."""
        index = self.indexAt(event.position().toPoint())
        if event.button() is not Qt.MouseButton.LeftButton or not index.isValid():
            return
        self._paints = not self._week.may(index)
        self.setCurrentIndex(index)
        self.clearSelection()
        self._set((index,), may=self._paints)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's own name
        """Set the hours that the drag passes."""
        index = self.indexAt(event.position().toPoint())
        if self._paints is not None and index.isValid():
            self._set((index,), may=self._paints)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002, N802 - Qt's own name
        """End the drag."""
        self._paints = None

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's own name
        """Space sets what is chosen to the other state of the hour in hand."""
        if event.key() != Qt.Key.Key_Space:
            super().keyPressEvent(event)
            return
        here = self.currentIndex()
        if here.isValid():
            chosen = {*self.selectedIndexes(), here}
            self._set(tuple(chosen), may=not self._week.may(here))

    def _set(self, hours: tuple[QModelIndex, ...], *, may: bool) -> None:
        for index in hours:
            self._week.set_may(index, may=may)
        self.edited.emit()
