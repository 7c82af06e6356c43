"""Does what local clients ask in the owner's name, and says why where it cannot."""

from __future__ import annotations

from collections.abc import Callable

from gridle.market.protocol.errors import GridleError
from gridle.worker.agent.consents import Consents
from gridle.worker.agent.events import Asked
from gridle.worker.agent.governor import Governor
from gridle.worker.agent.task_flow import TaskFlow
from gridle.worker.ipc.messages import (
    AnswerJob,
    Command,
    FinishWork,
    JudgePublisher,
    PauseWork,
    SetLimits,
    Shutdown,
    StartWork,
)


class Commands:
    """Only the agent's thread calls it."""

    def __init__(
        self, governor: Governor, consents: Consents, tasks: TaskFlow, end: Callable[[], None]
    ) -> None:
        self._governor = governor
        self._consents = consents
        self._tasks = tasks
        self._end = end

    def obey(self, asked: Asked, now: float) -> None:
        """Do one command and answer it."""
        try:
            self._do(asked.command, now)
        except GridleError as error:
            asked.answer(error.sentence)
        else:
            asked.answer(None)

    def _do(self, command: Command, now: float) -> None:
        match command:
            case StartWork():
                self._governor.begin()
            case PauseWork(for_s):
                self._governor.pause(None if for_s is None else now + for_s)
            case FinishWork():
                self._governor.finish()
            case SetLimits(limits):
                self._governor.set_limits(limits)
                self._heed_consents(now)
            case AnswerJob(job_id, answer):
                self._consents.answer(job_id, answer, now)
                self._heed_consents(now)
            case JudgePublisher(publisher, judged):
                self._consents.judge_publisher(publisher, judged, now)
                self._heed_consents(now)
            case Shutdown():
                self._end()

    def _heed_consents(self, now: float) -> None:
        """Give back what may not run any more."""
        self._consents.mode = self._governor.limits.tasks.ask_first
        refused = self._consents.left_out()
        self._tasks.let_go(lambda task: task.job_id in refused, now)
