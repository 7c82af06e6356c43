"""What window and tray say follows from the worker's state alone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from gridle.app import texts
from gridle.app.link_status import LinkStatus
from gridle.app.presentation import (
    Look,
    allowed,
    also,
    can_finish,
    can_pause,
    headline,
    money,
    notices,
    tooltip,
)
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.messages import Activity, WorkerState
from gridle.worker.policy import sentences
from gridle.worker.policy.allowance import Reason, ReasonCode
from tests.fakes.worker_states import AWAY, CHAIN, IN_USE, NO_ENGINE, STOPPED, worker_state

NOW = datetime(2026, 11, 25, 22, 15, tzinfo=timezone(timedelta(hours=8)))
BATTERY = Reason(ReasonCode.ON_BATTERY, sentences.ON_BATTERY)
HOT = Reason(ReasonCode.CPU_HOT, Sentence("Too hot.", "过热。"))
FINISHING = Reason(ReasonCode.FINISHING, Sentence("Finishing.", "正在收尾。"))


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDLE_LANG", "en")


@pytest.mark.parametrize(
    ("activity", "reason", "look", "offers_start"),
    [
        (Activity.WORKING, AWAY, Look.WORKING, False),
        (Activity.WAITING, AWAY, Look.WAITING, False),
        (Activity.PAUSED, IN_USE, Look.PAUSED, False),
        (Activity.STOPPED, STOPPED, Look.STOPPED, True),
    ],
)
def test_each_activity_has_its_look_and_button(
    activity: Activity, reason: Reason, look: Look, *, offers_start: bool
) -> None:
    state = worker_state(activity=activity, reason=reason)
    head = headline(LinkStatus.CONNECTED, state, texts.WORKER_NOT_RUNNING, NOW)
    assert (head.look, head.offers_start) == (look, offers_start)
    assert head.sentence == reason.sentence.en


def test_a_pause_of_an_hour_says_until_when() -> None:
    until = NOW.timestamp() + 3600
    reason = Reason(ReasonCode.PAUSED_BY_OWNER, sentences.PAUSED_FOR_A_TIME, until)
    state = worker_state(activity=Activity.PAUSED, reason=reason)
    head = headline(LinkStatus.CONNECTED, state, texts.WORKER_NOT_RUNNING, NOW)
    assert head.offers_start
    assert (head.sentence, head.until) == (sentences.PAUSED_FOR_A_TIME.en, "Until 23:15.")
    assert tooltip(head, state).splitlines()[1] == f"{head.sentence} {head.until}"


def test_all_that_holds_is_said_beside_what_decides() -> None:
    state = worker_state(activity=Activity.PAUSED, reason=IN_USE, reasons=(IN_USE, BATTERY, HOT))
    assert also(state).splitlines() == [f"Also: {BATTERY.sentence.en}", f"Also: {HOT.sentence.en}"]
    assert also(worker_state()) == ""


def test_what_tasks_may_use_is_said() -> None:
    assert allowed(worker_state()) == "May use 80 % of 4 of 8 cores"
    more = worker_state(allowed_gpu_percent=60, power_w=41.6)
    assert allowed(more) == "May use 80 % of 4 of 8 cores · graphics cards 60 % · 42 W now"
    assert allowed(worker_state(allowed_cores=0)) == ""


@pytest.mark.parametrize(
    ("state", "pause", "finish", "start"),
    [
        (None, False, False, True),
        (worker_state(), True, True, False),
        (worker_state(activity=Activity.PAUSED, reason=IN_USE), True, True, False),
        (worker_state(activity=Activity.STOPPED, reason=STOPPED), False, False, True),
        (worker_state(reasons=(AWAY, FINISHING)), True, False, True),
        (worker_state(reason=FINISHING), True, False, True),
    ],
)
def test_only_what_changes_something_is_offered(
    state: WorkerState | None, *, pause: bool, finish: bool, start: bool
) -> None:
    head = headline(LinkStatus.CONNECTED, state, texts.WORKER_NOT_RUNNING, NOW)
    assert (can_pause(state), can_finish(state), head.offers_start) == (pause, finish, start)


def test_a_worker_that_cannot_be_heard_is_said_to_be_so() -> None:
    head = headline(LinkStatus.ABSENT, None, texts.WORKER_NOT_RUNNING, NOW)
    assert (head.look, head.sentence) == (Look.ABSENT, texts.WORKER_NOT_RUNNING.en)
    searching = headline(LinkStatus.SEARCHING, None, texts.WORKER_NOT_RUNNING, NOW)
    assert searching.sentence == texts.WORKER_SEARCHING.en


def test_the_tray_says_state_reason_and_todays_earnings() -> None:
    state = worker_state()
    head = headline(LinkStatus.CONNECTED, state, texts.WORKER_NOT_RUNNING, NOW)
    assert tooltip(head, state).splitlines() == [
        "Gridle: Working",
        sentences.AWAY.en,
        "Today: 1.2669 pUSD",
    ]


def test_money_of_an_unknown_token_is_a_dash() -> None:
    assert money(12, None) == "–"
    assert money(12_300, CHAIN) == "0.0123 pUSD"


def test_notices_are_warnings_then_market_then_runtimes() -> None:
    note = Sentence("The market does not answer.", "市场没有应答。")
    warning = Sentence("The limits file was set aside.", "限制文件已被移开。")
    state = worker_state(warnings=(warning,))
    state = msgspec.structs.replace(state, market=msgspec.structs.replace(state.market, note=note))
    assert notices(state) == (warning.en, note.en, NO_ENGINE.en)


def test_everything_is_also_said_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDLE_LANG", "zh_CN")
    head = headline(LinkStatus.CONNECTED, worker_state(), texts.WORKER_NOT_RUNNING, NOW)
    assert head.title == "正在工作"
    for name, value in vars(texts).items():
        if isinstance(value, Sentence) and name != "APP_NAME":
            assert value.en
            assert value.zh
            assert ("&" in value.en) == ("&" in value.zh), name
