"""The form of limits: made from the model, and nothing is lost or overwritten by it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from gridle.app.limit_editors import (
    ChoicesEditor,
    MoneyEditor,
    NumberEditor,
    SuggestingEditor,
    SwitchEditor,
    TextEditor,
    WordsEditor,
)
from gridle.app.limits_panel import LimitsPanel
from gridle.market.protocol.sentence import Sentence
from gridle.worker.limit_settings import changed
from gridle.worker.policy.limit_fields import FieldKind, limit_fields, value_of
from gridle.worker.policy.limit_meta import Section
from gridle.worker.policy.limits import Limits
from gridle.worker.policy.presets import Preset, with_preset
from tests.fakes.worker_states import MACHINE_BYTES, worker_state
from tests.rigs.any_limits import LIMITS as ANY_LIMITS

LIMITS = worker_state().limits


@pytest.fixture
def panel(qtbot: QtBot) -> LimitsPanel:
    panel = LimitsPanel()
    qtbot.addWidget(panel)
    panel.resize(900, 700)
    panel.show()
    panel.show_state(worker_state())
    return panel


def number(panel: LimitsPanel, key: str) -> NumberEditor:
    editor = panel.form.editors[key]
    assert isinstance(editor, NumberEditor)
    return editor


def test_every_field_of_the_model_has_its_control(panel: LimitsPanel) -> None:
    assert list(panel.form.editors) == [field.key for field in limit_fields()]
    assert panel.limits() == LIMITS
    assert not panel.apply.isEnabled()
    labelled = {label.buddy() for label in panel.findChildren(QLabel)}
    for field in limit_fields():
        editor = panel.form.editors[field.key]
        assert isinstance(editor, QWidget)
        assert field.label.en in editor.accessibleName()
        assert field.kind is FieldKind.SWITCH or editor in labelled
        assert editor.focusPolicy() & Qt.FocusPolicy.TabFocus or editor.focusProxy()


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(limits=ANY_LIMITS)
def test_any_limits_come_out_as_they_went_in(panel: LimitsPanel, limits: Limits) -> None:
    panel.show_state(worker_state(limits=limits))
    assert panel.limits() == limits
    assert not panel.apply.isEnabled()
    number(panel, "idle_after_s").setValue(1 if limits.idle_after_s > 1 else 2)
    sent: list[Limits] = []
    panel.limits_asked.connect(sent.append)
    panel.apply.click()
    panel.limits_asked.disconnect(sent.append)
    assert sent == [replace(limits, idle_after_s=1 if limits.idle_after_s > 1 else 2)]
    panel.revert.click()
    assert panel.limits() == limits


def test_what_is_edited_stays_and_all_else_follows_the_worker(panel: LimitsPanel) -> None:
    number(panel, "idle_after_s").setValue(33)
    panel.show_state(worker_state(limits=changed(LIMITS, ["idle_after_s=60", "disk_mib=99"])))
    assert panel.limits() == changed(LIMITS, ["idle_after_s=33", "disk_mib=99"])
    panel.show_state(worker_state(limits=changed(LIMITS, ["idle_after_s=33"])))
    assert not panel.apply.isEnabled()


def test_the_answer_is_shown_until_the_next_edit(panel: LimitsPanel) -> None:
    number(panel, "idle_after_s").setValue(33)
    panel.show_answer(None)
    panel.show_state(worker_state(limits=changed(LIMITS, ["idle_after_s=33"])))
    assert panel.note.text() == "These limits hold now."
    panel.show_answer(Sentence("The disk is full.", "磁盘已满。"))
    assert panel.note.text() == "The disk is full."
    number(panel, "idle_after_s").setValue(34)
    assert panel.note.text() == ""


def test_without_a_worker_nothing_can_be_applied(panel: LimitsPanel) -> None:
    number(panel, "idle_after_s").setValue(33)
    panel.show_state(None)
    assert "worker runs" in panel.note.text()
    assert not panel.apply.isEnabled()
    assert not any(button.isEnabled() for button in panel.presets.values())
    panel.show_state(worker_state())
    assert number(panel, "idle_after_s").value() == 33
    assert panel.apply.isEnabled()


@pytest.mark.parametrize("preset", Preset)
def test_a_preset_fills_the_form_and_sends_nothing(panel: LimitsPanel, preset: Preset) -> None:
    sent: list[Limits] = []
    panel.limits_asked.connect(sent.append)
    panel.form.editors["hours"].show_value(("." * 24,) * 7)
    panel.presets[preset].click()
    own = replace(LIMITS, hours=("." * 24,) * 7)
    assert panel.limits() == with_preset(own, preset, 8, MACHINE_BYTES)
    assert sent == []
    assert panel.apply.isEnabled()


def test_in_use_limits_can_be_set_where_work_does_not_pause(panel: LimitsPanel) -> None:
    card = panel.form.cards[Section.IN_USE]
    pauses = panel.form.editors["pause_when_used"]
    assert isinstance(pauses, SwitchEditor)
    assert not card.isEnabled()
    pauses.click()
    assert card.isEnabled()


def test_money_is_entered_as_people_write_it(panel: LimitsPanel) -> None:
    price = panel.form.editors["electricity.price_micros_per_kwh"]
    currency = panel.form.editors["electricity.currency"]
    assert isinstance(price, MoneyEditor)
    assert isinstance(currency, TextEditor)
    currency.setText("CNY")
    price.setValue(0.617)
    assert price.text() == "0.617 CNY/kWh"
    limits = panel.limits()
    assert limits is not None
    assert limits.electricity.price_micros_per_kwh == 617_000
    price.lineEdit().selectAll()
    QTest.keyClicks(price, "1.25")
    assert price.held() == 1_250_000


def test_a_text_that_does_not_fit_is_explained_and_not_sent(panel: LimitsPanel) -> None:
    currency = panel.form.editors["electricity.currency"]
    assert isinstance(currency, TextEditor)
    currency.setText("yuan")
    assert panel.note.text() == "“Currency” does not fit yet; write it like this: CNY."
    assert not panel.apply.isEnabled()
    assert panel.revert.isEnabled()
    panel.revert.click()
    assert panel.limits() == LIMITS


def test_tariffs_can_be_chosen_or_written(panel: LimitsPanel) -> None:
    tariff = panel.form.editors["electricity.tariff"]
    assert isinstance(tariff, SuggestingEditor)
    tariff.setEditText("my-tariff")
    limits = panel.limits()
    assert limits is not None
    assert limits.electricity.tariff == "my-tariff"


def test_programs_are_written_one_a_line(panel: LimitsPanel) -> None:
    programs = panel.form.editors["exclusive_programs"]
    assert isinstance(programs, WordsEditor)
    programs.setPlainText("blender\n\n  /opt/my game \n")
    limits = panel.limits()
    assert limits is not None
    assert limits.exclusive_programs == ("blender", "/opt/my game")
    programs.setPlainText("x\n" * 201)
    assert not panel.apply.isEnabled()


def test_networks_are_boxes(panel: LimitsPanel) -> None:
    networks = panel.form.editors["while_away.networks"]
    assert isinstance(networks, ChoicesEditor)
    networks.boxes["mobile"].click()
    networks.boxes["wired"].click()
    limits = panel.limits()
    assert limits is not None
    assert limits.while_away.networks == ("wifi", "mobile")


def test_a_limit_of_a_larger_machine_is_shown_as_it_is(panel: LimitsPanel) -> None:
    large = changed(LIMITS, ["while_away.cores=4096", "while_away.memory_mib=16777216"])
    panel.show_state(worker_state(limits=large))
    assert number(panel, "while_away.cores").value() == 4096
    assert panel.limits() == large


@pytest.mark.parametrize(
    "key", ["idle_after_s", "electricity.token_value_micros", "while_away.core_kind"]
)
def test_a_wheel_that_scrolls_the_page_changes_nothing_on_its_way(
    panel: LimitsPanel, key: str
) -> None:
    editor = panel.form.editors[key]
    assert isinstance(editor, QWidget)
    before = editor.held()
    QApplication.sendEvent(editor, _wheel())
    assert editor.held() == before
    editor.setFocus()
    assert editor.hasFocus()
    QApplication.sendEvent(editor, _wheel())
    assert editor.held() != before


def _wheel() -> QWheelEvent:
    return QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(0, -120),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,  # noqa: FBT003 - Qt's own signature
    )


def test_hours_are_also_said_in_words(panel: LimitsPanel) -> None:
    panel.show_state(worker_state(limits=changed(LIMITS, ["hours=sun 3-6; mon-sat 0-24"])))
    assert panel.form.week_words.text() == "Monday-Saturday 0-24; Sunday 3-6"


def test_the_form_speaks_chinese(
    qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert qapp
    monkeypatch.setenv("GRIDLE_LANG", "zh_CN")
    panel = LimitsPanel()
    qtbot.addWidget(panel)
    panel.show_state(worker_state())
    said = {label.text() for label in panel.findChildren(QLabel)}
    for field in limit_fields():
        if field.kind is not FieldKind.SWITCH:
            assert field.label.zh in said
    assert value_of(LIMITS, "idle_after_s") == 120
    assert number(panel, "idle_after_s").text() == "120 秒"
    assert {box.text() for box in panel.findChildren(QLineEdit)} >= {"USD"}
