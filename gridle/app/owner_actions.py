"""What the owner can do to the worker, from the window and from the tray alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from gridle.app import texts
from gridle.app.link_status import LinkStatus
from gridle.app.pause_choices import PauseChoice
from gridle.app.worker_link import WorkerLink
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.messages import (
    AnswerJob,
    Command,
    FinishWork,
    PauseWork,
    SetLimits,
    Shutdown,
    StartWork,
)
from gridle.worker.policy.consent import Answer
from gridle.worker.policy.limits import Limits

_START_PATIENCE_MS = 20_000


class OwnerActions(QObject):
    """Sends commands; a worker that is not running is started first, where that is ours to do."""

    told = Signal(object)  # a Sentence: why something could not be done
    limits_answered = Signal(object)  # a Sentence, or None when the limits hold
    changed = Signal()

    def __init__(
        self,
        link: WorkerLink,
        launch: Callable[[Path], bool],
        worker_home: Path,
        *,
        in_practice: bool,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._link = link
        self._launch = launch
        self._worker_home = worker_home
        self._in_practice = in_practice
        self.is_starting = False
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_START_PATIENCE_MS)
        self._patience.timeout.connect(self._give_up)
        link.changed.connect(self._start_when_heard)

    @property
    def can_start(self) -> bool:
        """Whether Start does something now."""
        if self._link.status is LinkStatus.CONNECTED:
            return True
        return not self._in_practice and not self.is_starting

    @property
    def absence(self) -> Sentence:
        """Why the worker cannot be heard, in one sentence."""
        if self._link.refusal is not None:
            return self._link.refusal
        if self.is_starting:
            return texts.WORKER_STARTING
        return texts.WORKER_RESTARTS if self._in_practice else texts.WORKER_NOT_RUNNING

    def start(self) -> None:
        """Let the computer work."""
        if self._link.status is LinkStatus.CONNECTED:
            self._send(StartWork())
        elif self.can_start:
            if not self._launch(self._worker_home):
                self.told.emit(texts.WORKER_NOT_STARTED)
                return
            self.is_starting = True
            self._patience.start()
            self._link.look_again()
            self.changed.emit()

    def pause(self, for_s: float | None = None) -> None:
        """Pause all work, for a time or until Start."""
        self._send(PauseWork(for_s=for_s))

    def pause_until(self, choice: PauseChoice) -> None:
        """Pause for one of the times that are offered."""
        self.pause(choice.seconds(datetime.now(UTC).astimezone()))

    def finish(self) -> None:
        """Let the running tasks end, and take no other."""
        self._send(FinishWork())

    def set_limits(self, limits: Limits) -> None:
        """Replace the limits; `limits_answered` follows."""
        self._link.send(SetLimits(limits=limits), self.limits_answered.emit)

    def answer_job(self, job_id: str, answer: Answer) -> None:
        """Let a job run once, or its publisher's like it always or never."""
        self._send(AnswerJob(job_id=job_id, answer=answer))

    def stop_worker(self, then: Callable[[], None]) -> None:
        """End the worker's process, then go on, whether or not it answered."""
        self._link.send(Shutdown(), lambda _: then())

    def _send(self, command: Command) -> None:
        self._link.send(command, self._answered)

    def _answered(self, error: Sentence | None) -> None:
        if error is not None:
            self.told.emit(error)

    def _start_when_heard(self) -> None:
        if self.is_starting and self._link.status is LinkStatus.CONNECTED:
            self.is_starting = False
            self._patience.stop()
            self._send(StartWork())

    def _give_up(self) -> None:
        self.is_starting = False
        self.told.emit(texts.WORKER_NOT_STARTED)
        self.changed.emit()
