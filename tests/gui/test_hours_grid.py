"""A week is set by mouse and by keyboard, and every hour says what it is."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gridle.app.hours_grid import HoursGrid
from gridle.worker.policy.limit_fields import limit_fields

ALWAYS = ("#" * 24,) * 7


@pytest.fixture
def grid(qtbot: QtBot) -> HoursGrid:
    grid = HoursGrid(next(field for field in limit_fields() if field.key == "hours"))
    qtbot.addWidget(grid)
    grid.show_value(ALWAYS)
    grid.show()
    grid.resize(grid.sizeHint())
    return grid


def test_hours_are_set_by_mouse(grid: HoursGrid) -> None:
    model = grid.model()
    first, last = (grid.visualRect(model.index(0, hour)).center() for hour in (3, 5))
    view = grid.viewport()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=first)
    QTest.mouseMove(view, QPoint((first.x() + last.x()) // 2, first.y()))
    QTest.mouseMove(view, last)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=last)
    hours = grid.held()
    assert isinstance(hours, tuple)
    assert hours[0] == "###...##################"
    assert hours[1:] == ALWAYS[1:]
    QTest.mouseClick(
        view, Qt.MouseButton.RightButton, pos=grid.visualRect(model.index(2, 2)).center()
    )
    assert grid.held() == hours


def test_hours_are_set_by_keyboard(grid: HoursGrid) -> None:
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_Down)
    QTest.keyClick(grid, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(grid, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(grid, Qt.Key.Key_Space)
    hours = grid.held()
    assert isinstance(hours, tuple)
    assert hours[1] == "..." + "#" * 21
    QTest.keyClick(grid, Qt.Key.Key_Right)
    QTest.keyClick(grid, Qt.Key.Key_Space)
    hours = grid.held()
    assert isinstance(hours, tuple)
    assert hours[1] == "...." + "#" * 20


def test_the_whole_week_is_seen(grid: HoursGrid) -> None:
    last = grid.visualRect(grid.model().index(6, 23))
    assert grid.viewport().rect().contains(last)


def test_each_hour_says_what_it_is(grid: HoursGrid) -> None:
    grid.show_value(("#" * 23 + ".",) * 7)
    model = grid.model()
    role = Qt.ItemDataRole.AccessibleTextRole
    assert model.index(6, 0).data(role) == "Sunday 0:00–1:00: may work"
    assert model.index(6, 23).data(role) == "Sunday 23:00–24:00: may not work"
    marks = {model.index(6, hour).data() for hour in (0, 23)}
    assert len(marks) == 2
