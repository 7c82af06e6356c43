from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.messages import Activity
from gridle.worker.policy import sentences
from gridle.worker.policy.allowance import Reason, ReasonCode
from gridle.worker.state_words import amount, electricity, end_of, kwh, other_reasons
from gridle.worker.status_text import status_lines
from tests.fakes.worker_states import AWAY, IN_USE, worker_state

NOW = datetime(2026, 11, 25, 22, 15, tzinfo=timezone(timedelta(hours=8)))
BATTERY = Reason(ReasonCode.ON_BATTERY, sentences.ON_BATTERY)


@pytest.mark.parametrize(
    ("after", "en", "zh"),
    [
        (timedelta(minutes=30), "Until 22:45.", "到 22:45。"),
        (timedelta(hours=2), "Until Thursday, 00:15.", "到周四 00:15。"),
        (timedelta(days=7), "Until 2026-12-02, 22:15.", "到 2026-12-02 22:15。"),
        (timedelta(0), None, None),
    ],
)
def test_an_end_is_said_as_the_clock_shows_it(
    after: timedelta, en: str | None, zh: str | None
) -> None:
    reason = Reason(ReasonCode.PAUSED_BY_OWNER, Sentence("a", "b"), (NOW + after).timestamp())
    said = end_of(reason, NOW)
    assert said == (None if en is None or zh is None else Sentence(en, zh))


def test_a_reason_without_an_end_says_none() -> None:
    assert end_of(BATTERY, NOW) is None


def test_other_reasons_leave_out_the_deciding_one() -> None:
    state = worker_state(reason=IN_USE, reasons=(IN_USE, BATTERY))
    assert other_reasons(state) == (BATTERY,)
    assert other_reasons(worker_state()) == ()


def test_that_it_may_work_is_not_told_while_it_waits() -> None:
    below = Reason(ReasonCode.BELOW_FLOOR, sentences.BELOW_FLOOR)
    state = worker_state(activity=Activity.WAITING, reason=below, reasons=(AWAY, BATTERY))
    assert other_reasons(state) == (BATTERY,)


def test_electricity_is_said_where_its_price_is_known() -> None:
    assert electricity(worker_state()) is None
    state = worker_state(
        price_micros_per_kwh=620_000,
        currency="CNY",
        energy_today_mj=1_440_000_000,
        electricity_today_micros=248_000,
    )
    assert electricity(state) == Sentence(
        "Electricity now 0.62 CNY/kWh · today 0.4 kWh, 0.248 CNY",
        "当前电价 0.62 CNY/kWh · 今天 0.4 kWh，0.248 CNY",
    )


@pytest.mark.parametrize(
    ("micros", "text"),
    [(0, "0.00"), (620_000, "0.62"), (1, "0.000001"), (12_345_600, "12.3456"), (-50_000, "-0.05")],
)
def test_amounts_are_exact(micros: int, text: str) -> None:
    assert amount(micros) == text


@pytest.mark.parametrize(
    ("energy_mj", "text"),
    [(0, "0.0"), (3_599_999, "0.0"), (3_600_000, "0.001"), (3_600_000_000, "1.0")],
)
def test_energy_is_cut_to_watt_hours(energy_mj: int, text: str) -> None:
    assert kwh(energy_mj) == text


def test_the_terminal_says_why_until_when_and_what_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDLE_LANG", "en")
    until = NOW + timedelta(minutes=2)
    deciding = Reason(ReasonCode.IN_USE, IN_USE.sentence, until.timestamp())
    state = worker_state(
        reason=deciding, reasons=(deciding, BATTERY), price_micros_per_kwh=5, currency="USD"
    )
    lines = list(status_lines(state, NOW))
    assert lines[0].endswith("after your last input. Until 22:17.")
    assert lines[1] == f"  also: {BATTERY.sentence.en}"
    assert any(line.startswith("Electricity now 0.000005 USD/kWh") for line in lines)
    plain = list(status_lines(worker_state(reason=AWAY), datetime.now(UTC)))
    assert plain[0] == f"working: {AWAY.sentence.en}"
