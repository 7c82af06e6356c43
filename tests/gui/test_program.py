"""The window and the tray icon against a worker's real door."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QTableView,
)

from gridle.app import program as program_module
from gridle.app.link_status import LinkStatus
from gridle.app.main_window import MainWindow
from gridle.app.pause_choices import PauseChoice
from gridle.app.program import Program
from gridle.app.quit_question import QuitChoice, quit_box
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.endpoint import Endpoint
from gridle.worker.ipc.messages import (
    IPC_VERSION,
    Activity,
    FinishWork,
    PauseWork,
    SetLimits,
    Shutdown,
    StartWork,
)
from gridle.worker.limit_settings import changed
from gridle.worker.policy import sentences
from gridle.worker.policy.allowance import Reason, ReasonCode
from tests.fakes.worker_door import BAD_TOKEN, WorkerDoor
from tests.fakes.worker_states import ADDRESS, IN_USE, NO_ENGINE, STOPPED, task, worker_state
from tests.gui.conftest import Until, balance


def _heard(program: Program) -> bool:
    return program.link.status is LinkStatus.CONNECTED


def test_the_snapshot_is_shown(door: WorkerDoor, program: Program, until: Until) -> None:
    until(lambda: _heard(program))
    page = program.window.overview
    assert door.clients_greeted == 1
    assert page.activity.title.text() == "Working"
    assert page.activity.reason.text() == "Working: you are not using the computer."
    assert page.activity.detail.text() == "May use 80 % of 4 of 8 cores"
    assert page.earnings.today.text() == "1.2669 pUSD"
    assert page.earnings.pending.text() == "0.0246 pUSD"
    assert page.earnings.earned.text() == "0.0369 pUSD"
    assert page.earnings.paid.text() == "1.23 pUSD"
    assert page.wallet.address.text() == ADDRESS
    until(lambda: page.wallet.balance.text() == "2.50 pUSD")
    assert [row.bar.value() for row in page.tasks.rows.values()] == [420, 900]
    assert page.notices.isVisible()
    assert NO_ENGINE.en in page.notices.lines[0]
    assert program.window.banner.isVisible()


def test_changes_are_shown(door: WorkerDoor, program: Program, until: Until) -> None:
    until(lambda: _heard(program))
    door.change(
        worker_state(
            activity=Activity.PAUSED, reason=IN_USE, allowed_cores=0, tasks=(task(7, None),)
        )
    )
    page = program.window.overview
    until(lambda: page.activity.title.text() == "Paused")
    assert page.activity.reason.text() == (
        "Paused: you are using the computer. Resumes 2 minutes after your last input."
    )
    assert [row.title.text() for row in page.tasks.rows.values()] == ["Value at risk · #8"]
    assert "Paused" in program.tray.icon.toolTip()


def test_the_large_button_pauses_and_starts(
    door: WorkerDoor, program: Program, until: Until
) -> None:
    until(lambda: _heard(program))
    button = program.window.overview.activity.button
    button.click()
    until(lambda: door.commands == [PauseWork(for_s=None)])
    door.change(worker_state(activity=Activity.STOPPED, reason=STOPPED))
    until(lambda: button.text() == "&Start")
    button.click()
    until(lambda: door.commands[-1] == StartWork())


def test_the_tray_pauses_for_an_hour(door: WorkerDoor, program: Program, until: Until) -> None:
    until(lambda: _heard(program))
    program.tray.pauses[PauseChoice.HOUR].trigger()
    until(lambda: door.commands == [PauseWork(for_s=3600.0)])
    program.window.hide()
    program.tray.open_asked.emit()
    assert program.window.isVisible()


def test_the_window_pauses_for_a_time_and_finishes(
    door: WorkerDoor, program: Program, until: Until
) -> None:
    until(lambda: _heard(program))
    activity = program.window.overview.activity
    for entry in activity.pauses.actions():
        entry.trigger()
    activity.finish.click()
    program.tray.finish.trigger()
    until(lambda: len(door.commands) == 5)
    half_hour, hour, morning, *finish = door.commands
    assert (half_hour, hour) == (PauseWork(1800.0), PauseWork(3600.0))
    assert isinstance(morning, PauseWork)
    assert morning.for_s is not None
    assert 4 * 3600 <= morning.for_s <= 29 * 3600
    assert finish == [FinishWork(), FinishWork()]


def test_nothing_is_offered_that_would_change_nothing(
    door: WorkerDoor, program: Program, until: Until
) -> None:
    activity = program.window.overview.activity
    assert not activity.finish.isEnabled()
    until(lambda: activity.finish.isEnabled() and activity.pause_for.isEnabled())
    door.change(worker_state(activity=Activity.STOPPED, reason=STOPPED))
    until(lambda: not activity.finish.isEnabled() and not activity.pause_for.isEnabled())
    assert not program.tray.finish.isEnabled()


def test_reasons_and_electricity_are_shown(
    door: WorkerDoor, program: Program, until: Until
) -> None:
    until(lambda: _heard(program))
    activity = program.window.overview.activity
    assert not activity.power.isVisible()
    battery = Reason(ReasonCode.ON_BATTERY, sentences.ON_BATTERY)
    door.change(
        worker_state(
            activity=Activity.PAUSED,
            reason=IN_USE,
            reasons=(IN_USE, battery),
            price_micros_per_kwh=620_000,
            currency="CNY",
            energy_today_mj=1_440_000_000,
            electricity_today_micros=250_000,
        )
    )
    until(activity.power.isVisible)
    assert activity.also.text() == f"Also: {battery.sentence.en}"
    assert activity.power.text() == "Electricity now 0.62 CNY/kWh · today 0.4 kWh, 0.25 CNY"


def test_limits_are_sent_when_applied_and_kept_while_edited(
    door: WorkerDoor, program: Program, until: Until
) -> None:
    until(lambda: _heard(program))
    panel = program.window.limits
    assert not panel.apply.isEnabled()
    panel.form.editors["while_away.cpu_percent"].show_value(33)
    panel.form.editors["pause_when_used"].show_value(False)  # noqa: FBT003 - the field's own value
    door.change(worker_state(activity=Activity.WAITING))
    until(lambda: program.window.overview.activity.title.text() == "Waiting for work")
    assert panel.form.editors["while_away.cpu_percent"].held() == 33
    program.window.navigation.button(1).click()
    panel.apply.click()
    until(lambda: bool(door.commands))
    wanted = changed(door.state.limits, ["while_away.cpu_percent=33", "pause_when_used=false"])
    assert door.commands == [SetLimits(wanted)]
    until(lambda: panel.note.text() == "These limits hold now.")
    door.change(worker_state(limits=wanted))
    until(lambda: not panel.apply.isEnabled())


def test_a_refused_command_is_explained(door: WorkerDoor, program: Program, until: Until) -> None:
    until(lambda: _heard(program))
    door.refuse_with = Sentence("The disk is full.", "磁盘已满。")
    program.actions.pause()
    until(lambda: program.window.statusBar().currentMessage() == "The disk is full.")


def test_a_worker_that_dies_is_said_to_be_gone_and_found_again(
    home: Path, door: WorkerDoor, program: Program, until: Until
) -> None:
    until(lambda: _heard(program))
    door.die()
    until(lambda: program.window.overview.activity.title.text() == "Not running")
    assert program.window.overview.earnings.paid.text() == "1.23 pUSD"
    assert program.window.overview.tasks.rows == {}
    again = WorkerDoor(home, worker_state(activity=Activity.WAITING))
    until(lambda: program.window.overview.activity.title.text() == "Waiting for work")
    again.die()


@pytest.mark.parametrize(
    "line",
    [
        b"not json\n",
        b'{"type":"snapshot"}\n',
        b'{"type":"new"}\n',
        b"\xff\xfe\n",
        b'{"type":"refused","x":' + b"[" * 5000 + b"\n",
    ],
)
def test_a_bad_message_costs_one_connection(
    line: bytes, door: WorkerDoor, program: Program, until: Until
) -> None:
    until(lambda: _heard(program))
    door.send_raw(line)
    until(lambda: door.clients_greeted == 2)
    until(lambda: _heard(program))


def test_a_line_without_end_is_cut_off(door: WorkerDoor, program: Program, until: Until) -> None:
    until(lambda: _heard(program))
    door.send_raw(b"x" * (2**20 + 1))
    until(lambda: door.clients_greeted == 2)


def test_a_wrong_token_is_explained(
    home: Path, door: WorkerDoor, program: Program, until: Until
) -> None:
    until(lambda: _heard(program))
    Endpoint(home).token_path.write_text("wrong")
    for client in door.clients:
        client.abort()
    until(lambda: program.window.overview.activity.reason.text() == BAD_TOKEN.en)


def test_another_version_is_explained(home: Path, program: Program, until: Until) -> None:
    other = WorkerDoor(home, worker_state(), ipc_version=IPC_VERSION + 1)
    until(lambda: "another version" in program.window.overview.activity.reason.text())
    other.die()


def test_start_launches_a_worker_that_is_not_running_and_starts_it(
    qapp: QApplication, home: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    doors: list[WorkerDoor] = []

    def launch(where: Path) -> bool:
        doors.append(WorkerDoor(where, worker_state(activity=Activity.STOPPED, reason=STOPPED)))
        return True

    monkeypatch.setattr(program_module, "start_worker", launch)
    program = Program(qapp, home, None, balance)
    program.open()
    page = program.window.overview
    until(lambda: page.activity.title.text() == "Not running")
    assert page.activity.button.text() == "&Start"
    page.activity.button.click()
    assert page.activity.reason.text() == "Starting the worker …"
    until(lambda: bool(doors) and doors[0].commands == [StartWork()])
    program.close()
    doors[0].die()


def test_a_worker_that_cannot_be_launched_is_explained(
    qapp: QApplication, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program_module, "start_worker", lambda _: False)
    program = Program(qapp, home, None, balance)
    program.open()
    program.actions.start()
    assert "worker doctor" in program.window.statusBar().currentMessage()
    program.close()


def test_in_practice_the_app_leaves_the_worker_to_the_practice(
    qapp: QApplication, home: Path, tmp_path: Path, until: Until
) -> None:
    program = Program(qapp, home, tmp_path, balance)
    program.open()
    page = program.window.overview
    until(lambda: page.activity.title.text() == "Not running")
    assert not page.activity.button.isEnabled()
    assert program.window.banner.isVisible()
    program.close()


def test_quitting_can_stop_the_worker_too(
    door: WorkerDoor, program: Program, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(lambda: _heard(program))
    answers = iter([QuitChoice.STAY, QuitChoice.STOP_WORKER])
    monkeypatch.setattr(program_module, "ask_to_quit", lambda *_, **__: next(answers))
    ended: list[bool] = []
    monkeypatch.setattr(program.actions, "stop_worker", _recorded(program, ended))
    program.tray.quit_asked.emit()
    assert door.commands == []
    program.tray.quit_asked.emit()
    until(lambda: door.commands == [Shutdown()] and ended == [True])


def _recorded(program: Program, ended: list[bool]) -> object:
    stop = program.actions.stop_worker
    return lambda then: stop(lambda: ended.append(bool(then)))


def test_closing_the_window_hides_it_where_there_is_a_tray(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridle.app.tray.QSystemTrayIcon.isSystemTrayAvailable", lambda: True)
    event = QCloseEvent()
    program.window.closeEvent(event)
    assert not event.isAccepted()
    assert not program.window.isVisible()


def test_closing_the_window_asks_where_there_is_no_tray(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def ask(*_: object, in_practice: bool) -> QuitChoice:
        asked.append(in_practice)
        return QuitChoice.STAY

    monkeypatch.setattr("gridle.app.tray.QSystemTrayIcon.isSystemTrayAvailable", lambda: False)
    monkeypatch.setattr(program_module, "ask_to_quit", ask)
    program.window.close()
    assert asked == [False]
    assert program.window.isVisible()


def test_the_question_offers_what_fits(program: Program) -> None:
    _, usual = quit_box(program.window, in_practice=False)
    assert list(usual.values()) == [QuitChoice.LEAVE_WORKER, QuitChoice.STOP_WORKER]
    _, practice = quit_box(program.window, in_practice=True)
    assert list(practice.values()) == [QuitChoice.END_PRACTICE]


def test_the_address_can_be_copied(door: WorkerDoor, program: Program, until: Until) -> None:
    until(lambda: _heard(program))
    program.window.overview.wallet.copy.click()
    assert QGuiApplication.clipboard().text() == door.state.payout_address


def test_every_control_is_named_and_reachable_by_keyboard(
    door: WorkerDoor, program: Program, until: Until
) -> None:
    until(lambda: _heard(program))
    window: MainWindow = program.window
    for button in window.findChildren(QAbstractButton):
        assert button.text() or button.accessibleName() or not button.isVisible()
        assert button.focusPolicy() is not Qt.FocusPolicy.NoFocus or not button.isVisible()
    for kind in (QAbstractSpinBox, QComboBox, QPlainTextEdit, QTableView, QLineEdit):
        for field in window.findChildren(kind):
            named = field.accessibleName() or isinstance(
                field.parent(), QAbstractSpinBox | QComboBox
            )
            assert named or not field.isVisibleTo(window), field
    for bar in window.findChildren(QProgressBar):
        assert bar.accessibleName()
    assert door.state.market.connected


def test_the_window_speaks_chinese(
    qapp: QApplication,
    home: Path,
    door: WorkerDoor,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GRIDLE_LANG", "zh_CN.UTF-8")
    program = Program(qapp, home, None, balance)
    program.open()
    until(lambda: _heard(program))
    assert program.window.overview.activity.title.text() == "正在工作"
    assert program.window.overview.activity.button.text() == "暂停(&P)"
    assert msgspec.structs.asdict(door.state)["payout_address"] == ADDRESS
    program.close()
