"""The jobs that were offered here: what each may do, and the owner's answer to those that ask."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gridle.app import texts
from gridle.app.parts import Card, label
from gridle.app.texts import say
from gridle.worker.ipc.messages import JobView, WorkerState
from gridle.worker.policy.consent import Answer, Ruling

_GAP_PX = 14


class JobsPanel(QWidget):
    """One card a job, those that wait for an answer first; cards stay while their job does."""

    answered = Signal(str, object)  # a job's id, and an Answer

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.empty = label("muted", say(texts.NO_JOBS), wraps=True)
        self.cards: dict[str, JobCard] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(_GAP_PX)
        self._layout.addWidget(self.empty)
        self._layout.addStretch(1)

    def show_state(self, state: WorkerState | None) -> None:
        """Show exactly the jobs that the worker tells of."""
        jobs = state.jobs if state is not None else ()
        for gone in self.cards.keys() - {job.job_id for job in jobs}:
            card = self.cards.pop(gone)
            card.hide()
            card.deleteLater()
        for place, job in enumerate(sorted(jobs, key=_order), start=1):
            if job.job_id not in self.cards:
                self.cards[job.job_id] = JobCard(job, self)
                self.cards[job.job_id].answered.connect(self.answered)
            card = self.cards[job.job_id]
            if self._layout.indexOf(card) != place:
                self._layout.insertWidget(place, card)
            card.show_ruling(job.ruling)
        self.empty.setVisible(not jobs)


class JobCard(Card):
    """What one job may do, in plain words, and the three answers."""

    answered = Signal(str, object)

    def __init__(self, job: JobView, parent: QWidget) -> None:
        super().__init__(job.title, parent)
        self.words = label("", "\n".join(say_plainly(job)), wraps=True)
        self.ruling = label("muted", wraps=True)
        self.buttons: dict[Answer, QPushButton] = {}
        row = QHBoxLayout()
        row.addWidget(self.ruling, stretch=1)
        for answer, words in texts.ANSWERS.items():
            button = QPushButton(say(words))
            button.setAccessibleName(f"{job.title}: {say(words)}")
            button.setToolTip(say(texts.ANSWER_HINTS[answer]))
            button.clicked.connect(
                lambda _=False, chosen=answer: self.answered.emit(job.job_id, chosen)
            )
            self.buttons[answer] = button
            row.addWidget(button)
        self.body.addWidget(self.words)
        self.body.addLayout(row)

    def show_ruling(self, ruling: Ruling) -> None:
        """Say what holds now; a refused job can still be allowed, an allowed one refused."""
        self.ruling.setText(say(texts.RULINGS[ruling]))
        self.buttons[Answer.ONCE].setVisible(ruling is Ruling.ASK)
        self.buttons[Answer.ALWAYS].setVisible(ruling is not Ruling.RUN)
        self.buttons[Answer.NEVER].setVisible(ruling is not Ruling.REFUSE)


def say_plainly(job: JobView) -> tuple[str, ...]:
    """Return the explanation's sentences in the person's language."""
    return tuple(say(sentence) for sentence in job.explanation)


def _order(job: JobView) -> bool:
    return job.ruling is not Ruling.ASK
