"""The running app: window and tray follow the link, and their wishes go to the worker."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QObject, QThreadPool
from PySide6.QtWidgets import QApplication

from gridle.app import texts
from gridle.app.balance_reader import BalanceOf, BalanceReader, balance_on_chain
from gridle.app.main_window import MainWindow
from gridle.app.owner_actions import OwnerActions
from gridle.app.presentation import headline
from gridle.app.quit_question import QuitChoice, ask_to_quit
from gridle.app.start_worker import start_worker
from gridle.app.tray import Tray
from gridle.app.worker_link import WorkerLink
from gridle.worker.ipc.endpoint import Endpoint

_POOL_PATIENCE_MS = 2000


class Program(QObject):
    """Connects the parts; holds no state of its own."""

    def __init__(
        self,
        application: QApplication,
        worker_home: Path,
        practice: Path | None,
        balance_of: BalanceOf = balance_on_chain,
    ) -> None:
        super().__init__(application)
        self._application = application
        self._in_practice = practice is not None
        self._told_of_tray = False
        self.link = WorkerLink(Endpoint(worker_home), self)
        self.actions = OwnerActions(
            self.link, start_worker, worker_home, in_practice=self._in_practice, parent=self
        )
        self.window = MainWindow(BalanceReader(balance_of, self), practice)
        self.tray = Tray(self)
        self._connect()

    def open(self) -> None:
        """Show window and icon, and look for the worker."""
        self._show()
        self.window.show()
        self.tray.icon.show()
        self.link.open()

    def close(self) -> None:
        """Leave the worker alone, and end."""
        self.link.close()
        self.tray.icon.hide()
        self.window.hide()
        self.window.deleteLater()
        QThreadPool.globalInstance().waitForDone(_POOL_PATIENCE_MS)

    def _connect(self) -> None:
        self.link.changed.connect(self._show)
        self.actions.changed.connect(self._show)
        self.actions.told.connect(self.window.tell)
        self.actions.limits_answered.connect(self.window.limits.show_answer)
        activity = self.window.overview.activity
        activity.start_asked.connect(self.actions.start)
        activity.pause_asked.connect(self.actions.pause)
        for place in (activity, self.tray):
            place.pause_for_asked.connect(self.actions.pause_until)
            place.finish_asked.connect(self.actions.finish)
        self.window.limits.limits_asked.connect(self.actions.set_limits)
        self.window.jobs.answered.connect(self.actions.answer_job)
        self.window.close_asked.connect(self._close_window)
        self.tray.start_asked.connect(self.actions.start)
        self.tray.open_asked.connect(self.window.bring_up)
        self.tray.quit_asked.connect(self._ask_to_quit)

    def _show(self) -> None:
        state = self.link.state
        now = datetime.now(UTC).astimezone()
        head = headline(self.link.status, state, self.actions.absence, now)
        can_press = self.actions.can_start
        self.window.show_state(head, state, can_press=can_press)
        self.tray.show_state(head, state, can_press=can_press)

    def _close_window(self) -> None:
        if not self.tray.is_there:
            self._ask_to_quit()
            return
        self.window.hide()
        if not self._told_of_tray:
            self._told_of_tray = True
            self.tray.tell(texts.IN_TRAY)

    def _ask_to_quit(self) -> None:
        match ask_to_quit(self.window, in_practice=self._in_practice):
            case QuitChoice.STAY:
                pass
            case QuitChoice.STOP_WORKER:
                self.actions.stop_worker(self._application.quit)
            case QuitChoice.LEAVE_WORKER | QuitChoice.END_PRACTICE:
                self._application.quit()
