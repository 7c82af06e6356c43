"""The tasks on this machine, each with its progress."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from gridle.app import texts
from gridle.app.parts import Card, hint, label
from gridle.app.presentation import money
from gridle.app.texts import say
from gridle.market.protocol.messages import ChainInfo
from gridle.worker.ipc.messages import TaskView, WorkerState

_STEPS = 1000


class TasksPanel(Card):
    """One row a task, in the worker's order; rows stay while their task does."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(say(texts.TASKS), parent)
        self.empty = label("muted", say(texts.NO_TASKS), wraps=True)
        self.body.addWidget(self.empty)
        self.rows: dict[str, TaskRow] = {}

    def show_state(self, state: WorkerState | None) -> None:
        """Show exactly the tasks that the worker has."""
        tasks = state.tasks if state is not None else ()
        chain = state.market.chain if state is not None else None
        for gone in self.rows.keys() - {task.lease_id for task in tasks}:
            row = self.rows.pop(gone)
            row.hide()
            row.deleteLater()
        for task in tasks:
            if task.lease_id not in self.rows:
                self.rows[task.lease_id] = TaskRow(self)
                self.body.addWidget(self.rows[task.lease_id])
            self.rows[task.lease_id].show_task(task, chain)
        self.empty.setVisible(not tasks)


class TaskRow(QWidget):
    """One task: what it is, how far it is, what it pays."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.title = label("taskTitle")
        self.facts = label("muted")
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.bar.setTextVisible(False)
        self.percent = label("muted")
        self.percent.setMinimumWidth(44)
        top = QHBoxLayout()
        top.addWidget(self.title, stretch=1)
        top.addWidget(self.facts)
        bottom = QHBoxLayout()
        bottom.addWidget(self.bar, stretch=1)
        bottom.addWidget(self.percent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 4)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addLayout(bottom)

    def show_task(self, task: TaskView, chain: ChainInfo | None) -> None:
        """Show the task as it is now."""
        index = int(task.task_id.rpartition(".")[2])
        self.title.setText(f"{task.title} · #{index + 1}")  # people count from one
        self.title.setToolTip(hint(task.summary))
        state, runtime = texts.TASK_STATES[task.state], texts.RUNTIMES[task.runtime]
        self.facts.setText(f"{say(state)}  ·  {say(runtime)}  ·  {money(task.price_units, chain)}")
        progress = min(1.0, max(0.0, task.progress or 0.0))
        self.bar.setValue(round(progress * _STEPS))
        self.bar.setAccessibleName(say(texts.PROGRESS_OF, title=task.title))
        self.percent.setText(f"{round(100 * progress)} %")
