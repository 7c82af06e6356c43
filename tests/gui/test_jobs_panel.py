"""Each job says what it may do; the owner's answer goes out once, by mouse or keyboard."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gridle.app.jobs_panel import JobsPanel
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.messages import JobView
from gridle.worker.policy.consent import Answer, Ruling
from tests.fakes.worker_states import ADDRESS, worker_state

JOB = JobView(
    job_id="job-00000000000000aa",
    publisher=ADDRESS,
    title="Docking <b>x</b>",
    job_class="public+network",
    ruling=Ruling.ASK,
    explanation=(Sentence("It has no network.", "没有网络。"),),
)


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("answer", Answer)
def test_an_answer_is_told_once(answer: Answer) -> None:
    panel = JobsPanel()
    panel.show()
    panel.show_state(worker_state(jobs=(JOB,)))
    heard: list[tuple[str, Answer]] = []
    panel.answered.connect(lambda job_id, chosen: heard.append((job_id, chosen)))
    button = panel.cards[JOB.job_id].buttons[answer]
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert heard == [(JOB.job_id, answer)]
    assert JOB.title in button.accessibleName()
    panel.deleteLater()


@pytest.mark.usefixtures("qapp")
def test_those_that_ask_come_first_and_gone_ones_go() -> None:
    panel = JobsPanel()
    runs = msgspec.structs.replace(JOB, job_id="job-00000000000000bb", ruling=Ruling.RUN)
    panel.show_state(worker_state(jobs=(runs, JOB)))
    layout = panel.layout()
    assert layout is not None
    assert layout.indexOf(panel.cards[JOB.job_id]) < layout.indexOf(panel.cards[runs.job_id])
    assert panel.cards[runs.job_id].buttons[Answer.ONCE].isHidden()
    assert not panel.cards[runs.job_id].buttons[Answer.NEVER].isHidden()
    panel.show_state(worker_state(jobs=(runs,)))
    assert list(panel.cards) == [runs.job_id]
    panel.show_state(None)
    assert not panel.cards
    assert not panel.empty.isHidden()
    panel.deleteLater()
