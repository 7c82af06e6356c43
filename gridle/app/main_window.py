"""The window: pages behind a side bar, and the play-money banner above all of them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gridle.app import texts
from gridle.app.balance_reader import BalanceReader
from gridle.app.jobs_panel import JobsPanel
from gridle.app.limits_panel import LimitsPanel
from gridle.app.overview_page import OverviewPage
from gridle.app.parts import label
from gridle.app.presentation import Headline
from gridle.app.results_panel import ResultsPanel
from gridle.app.texts import say
from gridle.app.theme import icon
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.messages import WorkerState
from gridle.worker.policy.consent import Ruling

_SIZE_PX = (1120, 780)
_SIDE_WIDTH_PX = 190
_PAGE_MARGIN_PX = 18


class MainWindow(QMainWindow):
    """Shows a state; emits `close_asked` instead of closing by itself."""

    close_asked = Signal()

    def __init__(self, reader: BalanceReader, practice: Path | None) -> None:
        super().__init__()
        self.setWindowTitle(say(texts.APP_NAME))
        self.setWindowIcon(icon("gridle"))
        self.resize(*_SIZE_PX)
        self.overview = OverviewPage(reader)
        self.limits = LimitsPanel()
        self.jobs = JobsPanel()
        self.results = ResultsPanel(practice) if practice is not None else None
        self._in_practice = practice is not None
        self.banner = label("banner", say(texts.PLAY_MONEY), wraps=True)
        self.banner.setVisible(self._in_practice)
        self.pages = QStackedWidget()
        self.navigation = QButtonGroup(self)
        side = self._side()
        self._add_page(side, texts.OVERVIEW, self.overview)
        if self.results is not None:
            self._add_page(side, texts.RESULTS, self.results)
        self.jobs_button = self._add_page(side, texts.OFFERED_JOBS, self.jobs)
        self._add_page(side, texts.LIMITS, self.limits)
        side.addStretch(1)
        self.connection = label("", wraps=True)
        side.addWidget(self.connection)
        self.navigation.idClicked.connect(self.pages.setCurrentIndex)
        self.overview.activity.button.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_state(self, head: Headline, state: WorkerState | None, *, can_press: bool) -> None:
        """Show what the worker does now."""
        self.overview.show_state(head, state, can_press=can_press)
        self.limits.show_state(state)
        self.jobs.show_state(state)
        self.jobs_button.setText(_jobs_title(state))
        chain = state.market.chain if state is not None else None
        if chain is not None:
            self.banner.setVisible(chain.is_play_money or self._in_practice)
        self.connection.setText(_connection(state))
        self.setWindowTitle(f"{say(texts.APP_NAME)} – {head.title}")

    def tell(self, sentence: Sentence) -> None:
        """Say why something could not be done."""
        self.statusBar().showMessage(say(sentence), 10_000)

    def bring_up(self) -> None:
        """Show the window in front of others."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's own name
        """Ask the program instead: it hides to the tray, or asks whether to quit."""
        event.ignore()
        self.close_asked.emit()

    def _side(self) -> QVBoxLayout:
        frame = QFrame()
        frame.setObjectName("side")
        frame.setFixedWidth(_SIDE_WIDTH_PX)
        side = QVBoxLayout(frame)
        side.setContentsMargins(14, 18, 14, 16)
        side.setSpacing(6)
        brand = QHBoxLayout()
        mark = QLabel()
        mark.setPixmap(icon("gridle").pixmap(34, 34))
        brand.addWidget(mark)
        brand.addWidget(label("brand", say(texts.APP_NAME)), stretch=1)
        side.addLayout(brand)
        side.addSpacing(14)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.banner)
        right.addWidget(self.pages, stretch=1)
        body = QWidget()
        whole = QHBoxLayout(body)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(frame)
        whole.addLayout(right, stretch=1)
        self.setCentralWidget(body)
        return side

    def _add_page(self, side: QVBoxLayout, name: Sentence, content: QWidget) -> QPushButton:
        number = self.pages.count()
        button = QPushButton(say(name))
        button.setCheckable(True)
        button.setChecked(number == 0)
        self.navigation.addButton(button, number)
        side.addWidget(button)
        scrolled = QWidget()
        scrolled.setObjectName("scrolled")
        layout = QVBoxLayout(scrolled)
        margin = _PAGE_MARGIN_PX
        layout.setContentsMargins(margin, margin, margin, margin)
        layout.addWidget(content)
        page = QScrollArea()
        page.setWidgetResizable(True)
        page.setFrameShape(QFrame.Shape.NoFrame)
        page.setWidget(scrolled)
        self.pages.addWidget(page)
        return button


def _jobs_title(state: WorkerState | None) -> str:
    asking = sum(job.ruling is Ruling.ASK for job in state.jobs) if state is not None else 0
    return say(texts.OFFERED_JOBS_ASKING, count=asking) if asking else say(texts.OFFERED_JOBS)


def _connection(state: WorkerState | None) -> str:
    if state is None:
        return say(texts.NOT_RUNNING)
    return say(texts.MARKET_HEARD if state.market.connected else texts.MARKET_SILENT)
