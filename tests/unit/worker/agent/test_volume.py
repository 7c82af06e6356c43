"""The month's network volume is kept over restarts and begins anew with the month."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gridle.worker.agent.volume import MonthVolume
from gridle.worker.ledger.ledger import Ledger, open_ledger
from gridle.worker.sources.port import Transferred

NOVEMBER = datetime(2026, 11, 30, 15, 59, tzinfo=UTC).timestamp()
MINUTE_S = 60.0


def _ledger(folder: Path) -> Ledger:
    return open_ledger(folder / "ledger.sqlite", NOVEMBER).ledger


def test_a_month_adds_up_over_restarts(tmp_path: Path) -> None:
    ledger = _ledger(tmp_path)
    volume = MonthVolume(ledger)
    volume.count(Transferred(1000, 2000), NOVEMBER, UTC)
    volume.count(Transferred(1500, 2500), NOVEMBER, UTC)
    assert volume.bytes == 4000
    volume.write()
    ledger.close()
    again = MonthVolume(_ledger(tmp_path))
    again.count(Transferred(10, 20), NOVEMBER, UTC)
    assert again.bytes == 4030


def test_a_crash_forgets_less_than_a_mebibyte(tmp_path: Path) -> None:
    ledger = _ledger(tmp_path)
    volume = MonthVolume(ledger)
    for times in range(1, 11):
        volume.count(Transferred(times * 300_000, 0), NOVEMBER, UTC)
    ledger.close()
    assert 3_000_000 - MonthVolume(_ledger(tmp_path)).bytes < 2**20


def test_it_begins_anew_with_the_owners_own_month(tmp_path: Path) -> None:
    volume = MonthVolume(_ledger(tmp_path))
    zone = ZoneInfo("Asia/Shanghai")
    volume.count(Transferred(5000, 0), NOVEMBER, zone)
    volume.count(Transferred(5100, 0), NOVEMBER + MINUTE_S, zone)  # midnight in Shanghai
    assert volume.bytes == 100
