"""What came out of the practice jobs: a picture, a table and one sentence each."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, Qt, QTimer
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QListWidget,
    QProgressBar,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gridle.app import texts
from gridle.app.parts import Card, label
from gridle.app.picture import Picture
from gridle.app.result_files import JobResult, read_results
from gridle.app.texts import say

_SETTLE_MS = 150
_LIST_WIDTH_PX = 250
_MOST_TABLE_HEIGHT_PX = 220


class ResultsPanel(QWidget):
    """Follows `practice/results`, and shows the job that the person chose."""

    def __init__(self, practice: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._practice = practice
        self._results: tuple[JobResult, ...] = ()
        self.empty = label("muted", say(texts.NO_RESULTS), wraps=True)
        self.jobs = QListWidget()
        self.jobs.setAccessibleName(say(texts.JOBS))
        self.jobs.setFixedWidth(_LIST_WIDTH_PX)
        self.jobs.setWordWrap(True)
        self.jobs.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.jobs.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.jobs.currentRowChanged.connect(self._show_chosen)
        self.detail = ResultCard()
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addWidget(self.jobs)
        row.addWidget(self.detail, stretch=1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.empty)
        layout.addLayout(row, stretch=1)
        self._watcher = QFileSystemWatcher(self)
        # A result is several files: it is read once their changes have settled.
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(_SETTLE_MS)
        self._settled.timeout.connect(self.refresh)
        self._watcher.directoryChanged.connect(self._settled.start)
        self.refresh()

    def refresh(self) -> None:
        """Read all results again."""
        self._watch()
        self._results = read_results(self._practice / "results")
        chosen = max(0, self.jobs.currentRow())
        self.jobs.blockSignals(True)  # noqa: FBT003 - Qt's own signature
        self.jobs.clear()
        self.jobs.addItems([_entry(result) for result in self._results])
        self.jobs.setCurrentRow(min(chosen, len(self._results) - 1))
        self.jobs.blockSignals(False)  # noqa: FBT003 - Qt's own signature
        self.empty.setVisible(not self._results)
        self.jobs.setVisible(bool(self._results))
        self._show_chosen(self.jobs.currentRow())

    def _watch(self) -> None:
        """Watch every folder that is there: a new summary is renamed into its folder."""
        results = self._practice / "results"
        wanted = {self._practice, results, *(results.iterdir() if results.is_dir() else ())}
        there = {str(path) for path in wanted if path.is_dir()}
        new = there - set(self._watcher.directories())
        if new:
            self._watcher.addPaths(sorted(new))

    def _show_chosen(self, row: int) -> None:
        chosen = self._results[row] if 0 <= row < len(self._results) else None
        self.detail.setVisible(chosen is not None)
        if chosen is not None:
            self.detail.show_result(chosen)


class ResultCard(Card):
    """One job's result."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.title = label("resultTitle", wraps=True)
        self.headline = label("headline", wraps=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.count = label("muted")
        self.picture = Picture()
        self.trouble = label("muted", say(texts.NO_PICTURE))
        self.table = QTableWidget()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        progress = QHBoxLayout()
        progress.addWidget(self.bar, stretch=1)
        progress.addWidget(self.count)
        self.body.addWidget(self.title)
        self.body.addWidget(self.headline)
        self.body.addLayout(progress)
        self.body.addWidget(self.picture, stretch=1)
        self.body.addWidget(self.trouble)
        self.body.addWidget(self.table)
        self.body.addStretch(0)

    def show_result(self, result: JobResult) -> None:
        """Show this result."""
        summary = result.summary
        self.title.setText(summary.title)
        self.headline.setText(summary.headline)
        self.bar.setRange(0, max(1, summary.tasks_total))
        self.bar.setValue(min(summary.tasks_done, self.bar.maximum()))
        count = say(texts.TASKS_OF, done=summary.tasks_done, total=summary.tasks_total)
        self.count.setText(count)
        self.bar.setAccessibleName(count)
        self.picture.show_file(result.image_path)
        self.picture.setAccessibleName(say(texts.PICTURE_OF, title=summary.title))
        self.trouble.setVisible(summary.image is not None and self.picture.is_empty)
        self._show_table(summary.table or ())

    def _show_table(self, table: tuple[tuple[str | int | float | None, ...], ...]) -> None:
        head, *rows = table or ((),)
        self.table.setVisible(bool(rows))
        self.table.setColumnCount(len(head))
        self.table.setRowCount(len(rows))
        self.table.setHorizontalHeaderLabels([_cell(value) for value in head])
        for number, row in enumerate(rows):
            for column, value in enumerate(row[: len(head)]):
                self.table.setItem(number, column, QTableWidgetItem(_cell(value)))
        content_px = self.table.horizontalHeader().sizeHint().height() + 2 * self.table.frameWidth()
        content_px += sum(self.table.rowHeight(number) for number in range(len(rows)))
        self.table.setFixedHeight(min(content_px, _MOST_TABLE_HEIGHT_PX))


def _entry(result: JobResult) -> str:
    summary = result.summary
    count = say(texts.TASKS_OF, done=summary.tasks_done, total=summary.tasks_total)
    return f"{summary.title}\n{count}"


def _cell(value: str | float | None) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)
