from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gridle.market.protocol.archive import unpack
from gridle.market.protocol.commitment import commitment
from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.messages import Committed, Failed, Redemption, Returned, Revealed
from gridle.worker.agent.events import FromSource
from gridle.worker.ipc.messages import (
    Activity,
    AnswerJob,
    JudgePublisher,
    PauseWork,
    SetLimits,
    Shutdown,
    StartWork,
    WorkerState,
    WorkerTaskState,
)
from gridle.worker.policy.allowance import ReasonCode
from gridle.worker.policy.consent import Answer, Ruling
from gridle.worker.policy.task_rules import TaskRules
from gridle.worker.sources.port import Offered
from tests.fakes.market_stub import StubMarket
from tests.fakes.probes import AWAY
from tests.rigs.agent_rig import LIMITS, AgentRig
from tests.rigs.worker_jobs import PAYEE, PAYER, lease, lease_id, manifest, verdict

IN_USE = msgspec.structs.replace(AWAY, seconds_since_input=0.0)


@pytest.fixture
def market() -> StubMarket:
    return StubMarket()


@pytest.fixture
def rig(tmp_path: Path, market: StubMarket) -> Iterator[AgentRig]:
    rig = AgentRig(tmp_path, market)
    yield rig
    if rig.agent.is_alive:
        rig.end()


def runs(state: WorkerState) -> bool:
    return any(task.state is WorkerTaskState.RUNNING for task in state.tasks)


def paused(state: WorkerState) -> bool:
    return bool(state.tasks) and all(t.state is WorkerTaskState.PAUSED for t in state.tasks)


def test_a_task_is_run_committed_revealed_and_paid(rig: AgentRig, market: StubMarket) -> None:
    job = manifest(("echo", "hello"))
    rig.begin()
    market.offer(lease(job), job)
    assert market.wait(lambda: len(market.reports) == 2)
    committed, revealed = market.reports
    assert isinstance(committed, Committed)
    assert isinstance(revealed, Revealed)
    assert committed.commitment_sha256 == commitment(
        revealed.result_sha256, revealed.salt, "ab" * 32
    )
    files = unpack(market.blobs[revealed.result_sha256], max_bytes=1000, max_files=3)
    assert files == {"words.txt": b"hello\n"}
    rig.wait(lambda state: state.earnings.pending_units == 5)
    market.settle(verdict(1, 1, 5))
    rig.wait(lambda state: state.earnings.earned_units == 5 and not state.tasks)
    market.settle(Redemption(2, PAYER, PAYEE, 5, "0xab", 1, time.time()))
    rig.wait(lambda state: state.earnings.paid_units == 5)
    rig.end()
    assert not list((rig.home / "results").iterdir())
    assert not (rig.home / "tasks").exists()


def test_two_tasks_run_at_once_on_two_cores_and_more_follow(
    rig: AgentRig, market: StubMarket
) -> None:
    job = manifest(*[("echo", str(number)) for number in range(6)])
    for number in range(6):
        market.offer(lease(job, number, number), job)
    rig.begin()
    assert market.wait(lambda: sum(isinstance(r, Revealed) for r in market.reports) == 6)


def test_input_pauses_at_once_and_absence_resumes(rig: AgentRig, market: StubMarket) -> None:
    job = manifest(("count",))
    market.offer(lease(job), job)
    rig.begin()
    rig.wait(runs)
    pressed_at = time.monotonic()
    rig.probes.become(IN_USE)
    state = rig.wait(paused)
    assert time.monotonic() - pressed_at < 0.25
    assert state.activity is Activity.PAUSED
    assert state.reason.code is ReasonCode.IN_USE
    rig.probes.become(AWAY)
    state = rig.wait(runs)
    assert state.activity is Activity.WORKING


def test_a_job_that_asks_goes_back_until_the_owner_answers(
    rig: AgentRig, market: StubMarket
) -> None:
    limits = msgspec.structs.replace(LIMITS, tasks=TaskRules(ask_first="always"))
    rig.begin()
    assert rig.ask(SetLimits(limits)) is None
    job = manifest(("echo", "hello"))
    market.offer(lease(job), job)
    assert market.wait(lambda: market.reports == [Returned(lease_id(1))])
    state = rig.wait(lambda state: bool(state.jobs))
    (asking,) = state.jobs
    assert asking.ruling is Ruling.ASK
    assert asking.publisher == PAYER
    assert asking.explanation
    assert rig.ask(AnswerJob(asking.job_id, Answer.ONCE)) is None
    market.offer(lease(job, 2), job)
    assert market.wait(lambda: any(isinstance(each, Revealed) for each in market.reports))
    rig.end()


def test_a_blocked_publishers_running_task_is_given_back(rig: AgentRig, market: StubMarket) -> None:
    job = manifest(("count",))
    market.offer(lease(job), job)
    rig.begin()
    rig.wait(runs)
    assert rig.ask(JudgePublisher(PAYER, Answer.NEVER)) is None
    assert market.wait(lambda: market.reports == [Returned(lease_id(1))])
    rig.end()
    again = AgentRig(rig.home, market).begin()
    market.offer(lease(job, 2), job)
    assert market.wait(lambda: market.reports[1:] == [Returned(lease_id(2))])
    assert again.ask(AnswerJob("job-" + "0" * 16, Answer.ONCE)) is not None
    again.end()


def test_quick_changes_end_in_the_last_one(rig: AgentRig, market: StubMarket) -> None:
    job = manifest(("count",))
    market.offer(lease(job), job)
    rig.begin()
    rig.wait(runs)
    for _ in range(20):
        rig.probes.become(IN_USE)
        rig.probes.become(AWAY)
    rig.probes.become(IN_USE)
    rig.wait(paused)


def test_the_owner_starts_pauses_and_resumes(rig: AgentRig, market: StubMarket) -> None:
    rig.begin(works=False)
    rig.wait(lambda state: state.activity is Activity.STOPPED)
    assert rig.ask(StartWork()) is None
    job = manifest(("count",))
    market.offer(lease(job), job)
    rig.wait(runs)
    assert rig.ask(PauseWork(3600.0)) is None
    state = rig.wait(paused)
    assert state.reason.until is not None
    assert rig.ask(StartWork()) is None
    rig.wait(runs)


def test_a_failed_task_is_reported_with_its_last_words(rig: AgentRig, market: StubMarket) -> None:
    job = manifest(("say", "x"))
    market.offer(lease(job), job)
    rig.begin()
    assert market.wait(lambda: bool(market.reports))
    (report,) = market.reports
    assert isinstance(report, Failed)
    assert "last" in report.reason
    rig.wait(lambda state: any("failed" in warning.en for warning in state.warnings))


def test_a_lost_lease_is_stopped_and_not_reported(rig: AgentRig, market: StubMarket) -> None:
    job = manifest(("count",))
    market.offer(lease(job), job)
    rig.begin()
    rig.wait(runs)
    rig.end()
    market.lost.add(lease_id(1))
    again = AgentRig(rig.home, market).begin()
    again.wait(lambda state: not state.tasks)
    again.end()
    assert market.reports == []


def test_an_offer_that_comes_after_the_owner_is_given_back(
    rig: AgentRig, market: StubMarket
) -> None:
    job = manifest(("count",))
    rig.begin()
    rig.probes.become(IN_USE)
    rig.wait(lambda state: state.activity is Activity.PAUSED)
    rig.agent._queue.put(FromSource(Offered(lease(job), job)))
    assert market.wait(lambda: market.reports == [Returned(lease_id(1))])


def test_after_a_restart_the_task_begins_again_and_is_done_once(
    rig: AgentRig, market: StubMarket
) -> None:
    job = manifest(("echo", "x"))
    market.offer(lease(job), job)
    rig.begin()
    assert market.wait(lambda: len(market.reports) == 2)
    rig.wait(lambda state: state.earnings.pending_units == 5)
    rig.end()
    again = AgentRig(rig.home, market).begin()
    again.wait(lambda state: state.market.connected and state.earnings.pending_units == 5)
    again.end()
    assert len(market.reports) == 2


def test_a_stopped_task_begins_again_once_its_lease_is_renewed(
    rig: AgentRig, market: StubMarket
) -> None:
    job = manifest(("count",))
    market.offer(lease(job), job)
    rig.begin()
    rig.wait(runs)
    rig.end()
    again = AgentRig(rig.home, market).begin()
    again.wait(runs)
    assert market.renewed == [lease_id(1)]
    again.end()


def test_a_result_that_could_not_be_delivered_is_delivered_after_a_restart(
    rig: AgentRig, market: StubMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = manifest(("echo", "x"))
    market.offer(lease(job), job)
    sent = threading.Event()
    monkeypatch.setattr(rig.source, "report", lambda *_: sent.set())  # nothing gets through
    rig.begin()
    assert sent.wait(20)
    rig.end()
    sound = StubMarket()
    again = AgentRig(rig.home, sound).begin()
    assert sound.wait(lambda: len(sound.reports) == 2)
    assert len(sound.blobs) == 1
    again.end()


def test_a_refused_result_is_said_and_dropped(rig: AgentRig, market: StubMarket) -> None:
    job = manifest(("echo", "x"))
    market.refuses_reports = True
    market.offer(lease(job), job)
    rig.begin()
    rig.wait(lambda state: any("Refused." in warning.en for warning in state.warnings))
    rig.end()
    assert len(market.reports) == 1


def test_limits_are_saved_and_hold_at_once(rig: AgentRig, market: StubMarket) -> None:
    job = manifest(("count",))
    market.offer(lease(job), job)
    rig.begin()
    rig.wait(runs)
    slower = msgspec.structs.replace(LIMITS.while_away, cpu_percent=30)
    limits = msgspec.structs.replace(LIMITS, while_away=slower)
    assert rig.ask(SetLimits(limits)) is None
    state = rig.wait(lambda state: state.allowed_cpu_percent == 30)
    assert state.limits == limits
    assert rig.saved == [limits]


def test_less_memory_than_the_tasks_have_gives_one_back(rig: AgentRig, market: StubMarket) -> None:
    job = manifest(("count",), ("count",))
    market.offer(lease(job, 1, 0), job)
    market.offer(lease(job, 2, 1), job)
    rig.begin()
    rig.wait(lambda state: sum(t.state is WorkerTaskState.RUNNING for t in state.tasks) == 2)
    less = msgspec.structs.replace(LIMITS.while_away, memory_mib=300)
    assert rig.ask(SetLimits(msgspec.structs.replace(LIMITS, while_away=less))) is None
    assert market.wait(lambda: bool(market.reports))
    assert isinstance(market.reports[0], Returned)
    rig.wait(lambda state: len(state.tasks) == 1)


def test_limits_that_cannot_be_saved_do_not_hold(rig: AgentRig) -> None:
    rig.begin()
    rig.disk_is_full = True
    error = rig.ask(SetLimits(msgspec.structs.replace(LIMITS, idle_after_s=5)))
    assert error is not None
    assert rig.wait(lambda _: True).limits == LIMITS


def test_a_full_disk_stops_the_asking_and_loses_nothing(
    rig: AgentRig, market: StubMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = rig.ledger.money.settle
    failures = iter([True])

    def fails_once(page: object) -> None:
        if next(failures, False):
            raise UnavailableError("The disk is full.", "磁盘已满。")
        settle(page)  # type: ignore[arg-type] # handed through

    monkeypatch.setattr(rig.ledger.money, "settle", fails_once)
    monkeypatch.setattr("gridle.worker.agent.agent._RETRY_S", 0.2)
    rig.begin()
    market.settle(verdict(1, 1, 5))
    rig.wait(lambda state: any("full" in warning.en for warning in state.warnings))
    rig.wait(lambda state: state.earnings.earned_units == 5 and not state.warnings)


def test_shutdown_by_a_client_ends_the_agent(rig: AgentRig) -> None:
    rig.begin()
    assert rig.ask(Shutdown()) is None
    rig.agent.join(10)
    assert rig.agent.ended_well


def test_a_corrupt_ledger_is_read_again_from_the_market(tmp_path: Path, market: StubMarket) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"nonsense" * 1000)
    market.settle(verdict(1, 1, 5))
    rig = AgentRig(tmp_path, market).begin()
    state = rig.wait(lambda state: state.earnings.earned_units == 5)
    assert any("set aside" in warning.en for warning in state.warnings)
    rig.end()


def test_a_task_that_was_paused_too_long_is_given_back(
    rig: AgentRig, market: StubMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridle.worker.policy.eviction.LONG_PAUSE_S", 0.3)
    job = manifest(("count",))
    market.offer(lease(job), job)
    rig.begin()
    rig.wait(runs)
    assert rig.ask(PauseWork()) is None
    assert market.wait(lambda: market.reports == [Returned(lease_id(1))])
    rig.wait(lambda state: not state.tasks)


def test_a_sandbox_that_breaks_is_tried_again_and_then_the_task_is_given_back(
    rig: AgentRig, market: StubMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts: list[object] = []

    def breaks(*arguments: object) -> None:
        starts.append(arguments)
        raise ValueError("no fence today")

    monkeypatch.setattr(rig.sandbox, "start", breaks)
    job = manifest(("count",))
    market.offer(lease(job), job)
    rig.begin()
    assert market.wait(lambda: market.reports == [Returned(lease_id(1))])
    assert len(starts) == 3
    rig.wait(lambda state: any("no fence today" in warning.en for warning in state.warnings))
