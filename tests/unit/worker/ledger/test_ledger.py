from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.messages import (
    Committed,
    Redemption,
    Returned,
    Revealed,
    SettlementPage,
    TaskUsage,
)
from gridle.worker.ipc.messages import WorkerTaskState as State
from gridle.worker.ledger.connection import connect
from gridle.worker.ledger.ledger import Ledger, open_ledger
from gridle.worker.ledger.outbox import Undelivered
from tests.rigs.worker_jobs import PAYEE, PAYER, lease, lease_id, manifest, verdict, voucher

NOW = 1_700_000_000.0
USAGE = TaskUsage(1.5, 2.0, 4096)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def opened(path: Path) -> Ledger:
    found = open_ledger(path, NOW)
    assert found.warning is None
    return found.ledger


def redemption(claimed_units: int, seq: int = 100) -> Redemption:
    return Redemption(seq, PAYER, PAYEE, claimed_units, "0xab", 1, NOW)


def test_a_task_is_as_it_was_after_a_restart(path: Path) -> None:
    job = manifest(("count",))
    ledger = opened(path)
    ledger.tasks.add(lease(job), job, NOW)
    ledger.tasks.set_result(lease_id(1), USAGE, "a" * 64)
    ledger.close()
    ledger = opened(path)
    (record,) = ledger.tasks.live()
    assert (record.lease, record.manifest, record.usage) == (lease(job), job, USAGE)
    assert record.result_sha256 == "a" * 64
    ledger.close()


def test_an_ended_task_is_not_live_and_its_manifest_is_forgotten(path: Path) -> None:
    job = manifest()
    ledger = opened(path)
    ledger.tasks.add(lease(job), job, NOW)
    ledger.tasks.set_state(lease_id(1), State.FAILED, NOW)
    assert ledger.tasks.live() == ()
    assert ledger.tasks.state(lease_id(1)) is State.FAILED
    ledger.tasks.add(lease(job, 2), job, NOW)
    assert len(ledger.tasks.live()) == 1
    ledger.close()


def test_reports_leave_the_outbox_only_by_their_answer_and_in_order(path: Path) -> None:
    ledger = opened(path)
    committed = Committed(lease_id(1), "b" * 64)
    revealed = Revealed(lease_id(1), "a" * 64, "c" * 64, USAGE)
    reports = (Undelivered(committed, None), Undelivered(revealed, Path("x.tar")))
    ledger.outbox.put(lease_id(1), reports)
    ledger.outbox.put(lease_id(1), (Undelivered(Returned(lease_id(1)), None),))
    assert ledger.outbox.next_of(lease_id(1)) == reports[0]
    ledger.outbox.delivered(lease_id(1), committed)
    ledger.outbox.delivered(lease_id(1), committed)
    assert ledger.outbox.next_of(lease_id(1)) == reports[1]
    assert ledger.outbox.leases() == (lease_id(1),)
    ledger.outbox.drop(lease_id(1))
    assert ledger.outbox.next_of(lease_id(1)) is None
    ledger.close()


def test_money_goes_from_pending_to_earned_to_paid(path: Path) -> None:
    job = manifest()
    ledger = opened(path)
    ledger.tasks.add(lease(job), job, NOW)
    ledger.tasks.set_state(lease_id(1), State.REPORTED)
    assert ledger.money.earnings(0.0).pending_units == 5
    ledger.money.settle(SettlementPage((verdict(1, 1, 5),), 1))
    earnings = ledger.money.earnings(0.0)
    assert (earnings.pending_units, earnings.earned_units, earnings.paid_units) == (0, 5, 0)
    assert ledger.tasks.state(lease_id(1)) is State.SETTLED
    ledger.money.settle(SettlementPage((redemption(5),), 2))
    earnings = ledger.money.earnings(0.0)
    assert (earnings.earned_units, earnings.paid_units, earnings.tasks_done) == (0, 5, 1)
    assert ledger.settled_after == 2
    ledger.close()


def test_a_partial_redemption_pays_only_what_it_covers(path: Path) -> None:
    ledger = opened(path)
    ledger.money.settle(SettlementPage((verdict(1, 1, 5), verdict(2, 2, 10), redemption(7)), 3))
    earnings = ledger.money.earnings(0.0)
    assert (earnings.earned_units, earnings.paid_units) == (5, 5)
    ledger.close()


def test_today_counts_from_midnight(path: Path) -> None:
    ledger = opened(path)
    ledger.money.settle(SettlementPage((verdict(1, 1, 5), verdict(2, 9, 10)), 9))
    assert ledger.money.earnings(1005.0).today_units == 5
    ledger.close()


@given(st.lists(st.integers(1, 6), min_size=1, max_size=12))
def test_settlements_read_twice_count_once(prices: list[int]) -> None:
    ledger = Ledger(connect(Path(":memory:")))
    total, settlements = 0, []
    for number, price in enumerate(prices, start=1):
        total += price
        settlements.append(verdict(number, number, total, price))
    page = SettlementPage(tuple(settlements), len(prices))
    ledger.money.settle(page)
    ledger.money.settle(page)
    earnings = ledger.money.earnings(0.0)
    assert earnings.earned_units == total == earnings.earned_units + earnings.paid_units
    newest = ledger.money.voucher(PAYER, PAYEE)
    assert newest is not None
    assert newest.voucher.cumulative_units == total
    ledger.money.settle(SettlementPage((settlements[0],), 1))
    assert ledger.money.vouchers() == (newest,)
    assert ledger.settled_after == len(prices)
    ledger.close()


def test_amounts_near_the_bound_add_up(path: Path) -> None:
    ledger = opened(path)
    big = 2**62
    other = verdict(2, 2, big, big)
    assert other.voucher is not None
    promise = replace(other.voucher.voucher, payer=PAYEE)
    other = replace(other, voucher=replace(other.voucher, voucher=promise))
    page = SettlementPage((verdict(1, 1, big, big), other), 2)
    ledger.money.settle(page)
    assert ledger.money.earnings(0.0).earned_units == 2 * big
    ledger.close()


def test_a_corrupt_file_is_set_aside_and_nothing_of_it_overwritten(path: Path) -> None:
    path.write_bytes(b"this is no database" * 500)
    found = open_ledger(path, NOW)
    assert found.warning is not None
    assert "corrupt-" in found.warning.en
    assert found.ledger.settled_after == 0
    found.ledger.close()
    (aside,) = path.parent.glob("*.corrupt-*")
    assert aside.read_bytes().startswith(b"this is no database")


def test_a_ledger_of_a_newer_program_is_set_aside(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    found = open_ledger(path, NOW)
    assert found.warning is not None
    found.ledger.close()


def test_a_full_disk_is_said_and_leaves_the_ledger_as_it_was(path: Path) -> None:
    connection = connect(path)
    ledger = Ledger(connection)
    ledger.put("a", "1")
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(UnavailableError, match="disk space"):
        ledger.put("b", "x" * 100_000)
    assert ledger.get("a") == "1"
    assert ledger.get("b") is None
    connection.execute("PRAGMA max_page_count = 1000000")
    ledger.put("b", "x" * 100_000)
    ledger.close()


def test_one_voucher_pays_no_second_result_even_after_a_restart(path: Path) -> None:
    ledger = opened(path)
    ledger.money.settle(SettlementPage((verdict(1, 1, 5),), 1))
    ledger.close()
    ledger = opened(path)
    ledger.money.settle(SettlementPage((verdict(2, 2, 5), verdict(3, 3, 9)), 3))
    assert ledger.money.earnings(0.0).earned_units == 5
    spelled = verdict(5, 4, 5)
    assert spelled.voucher is not None
    promise = replace(spelled.voucher.voucher, payee=PAYEE.lower())
    spelled = replace(spelled, voucher=replace(spelled.voucher, voucher=promise))
    ledger.money.settle(SettlementPage((spelled,), 4))
    assert ledger.money.earnings(0.0).earned_units == 5
    ledger.money.settle(SettlementPage((verdict(4, 5, 10), verdict(1, 6, 15)), 6))
    assert ledger.money.earnings(0.0).earned_units == 10
    ledger.close()


def test_only_who_ordered_a_task_pays_for_it_and_in_full(path: Path) -> None:
    job = manifest(price_units=5)
    ledger = opened(path)
    ledger.tasks.add(lease(job), job, NOW)
    ledger.tasks.add(lease(job, 2), job, NOW)
    stranger = voucher(5, key=bytes([13]) * 32)
    promise = replace(stranger.voucher, payer=stranger.signer)
    paid_by_a_stranger = replace(verdict(1, 1, 5), voucher=replace(stranger, voucher=promise))
    ledger.money.settle(SettlementPage((paid_by_a_stranger, verdict(2, 2, 1, 1)), 2))
    assert ledger.money.earnings(0.0).earned_units == 0
    assert ledger.tasks.state(lease_id(1)) is State.FAILED
    ledger.close()
