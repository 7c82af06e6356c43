"""Energy, cost and net pay of ended tasks, in a ledger of any age."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from gridle.market.protocol.messages import SettlementPage, TaskUsage
from gridle.worker.ledger import schema
from gridle.worker.ledger.energy import EnergyTotals, TaskEnergy
from gridle.worker.ledger.ledger import Ledger, open_ledger
from tests.rigs.worker_jobs import lease, lease_id, manifest, verdict

NOW = 1_700_000_000.0
EARNED = TaskEnergy(36_000_000, 11_000, 14_200, "CNY", is_measured=False)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    found = open_ledger(tmp_path / "ledger.sqlite", NOW)
    yield found.ledger
    found.ledger.close()


def test_a_tasks_energy_is_as_it_was_written(ledger: Ledger) -> None:
    assert ledger.energy.of(lease_id(1)) is None
    ledger.energy.record(lease_id(1), EARNED, NOW)
    assert ledger.energy.of(lease_id(1)) == EARNED
    assert EARNED.net_micros == 3200


def test_written_again_the_newer_holds(ledger: Ledger) -> None:
    ledger.energy.record(lease_id(1), EARNED, NOW)
    newer = TaskEnergy(1, 2, 0, "USD", is_measured=True)
    ledger.energy.record(lease_id(1), newer, NOW + 1)
    assert ledger.energy.of(lease_id(1)) == newer


def test_totals_are_of_one_currency_and_from_midnight(ledger: Ledger) -> None:
    ledger.energy.record(lease_id(1), EARNED, NOW - 100)
    ledger.energy.record(lease_id(2), EARNED, NOW)
    ledger.energy.record(lease_id(3), TaskEnergy(5, 7, 1, "USD", is_measured=True), NOW)
    assert ledger.energy.totals("CNY") == EnergyTotals(2, 72_000_000, 22_000, 28_400)
    assert ledger.energy.totals("CNY", NOW) == EnergyTotals(1, 36_000_000, 11_000, 14_200)
    assert ledger.energy.totals("USD").net_micros == -6
    assert ledger.energy.totals("EUR") == EnergyTotals(0, 0, 0, 0)


def test_a_refused_result_counts_with_its_cost_alone(ledger: Ledger) -> None:
    ledger.energy.record(lease_id(1), EARNED, NOW)
    ledger.energy.record(lease_id(2), EARNED, NOW)
    refused = replace(verdict(2, 2, 10), accepted=False, voucher=None)
    ledger.money.settle(SettlementPage((verdict(1, 1, 5), refused), 2))
    assert ledger.energy.totals("CNY").pay_micros == EARNED.pay_micros
    assert ledger.energy.totals("CNY").cost_micros == 2 * EARNED.cost_micros


def test_sums_may_pass_what_sql_counts(ledger: Ledger) -> None:
    huge = TaskEnergy(2**62, 2**62, 2**62, "CNY", is_measured=True)
    for number in range(3):
        ledger.energy.record(lease_id(number), huge, NOW)
    assert ledger.energy.totals("CNY").energy_mj == 3 * 2**62


def test_a_ledger_of_the_first_version_keeps_all_it_had(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    old = sqlite3.connect(path)
    old.executescript(f"BEGIN; {schema.MIGRATIONS[0]} PRAGMA user_version = 1; COMMIT;")
    old.execute("INSERT INTO meta VALUES ('owner_wish', '{}')")
    old.commit()
    old.close()
    found = open_ledger(path, NOW)
    assert found.warning is None
    assert found.ledger.get("owner_wish") == "{}"
    job = manifest()
    found.ledger.tasks.add(lease(job), job, NOW)
    found.ledger.energy.record(lease_id(1), EARNED, NOW)
    found.ledger.close()
    again = open_ledger(path, NOW)
    assert again.ledger.energy.of(lease_id(1)) == EARNED
    assert len(again.ledger.tasks.live()) == 1
    again.ledger.close()


def test_a_jobs_ended_tasks_tell_how_long_its_tasks_take(ledger: Ledger) -> None:
    job = manifest(("a",), ("b",), ("c",))
    for number in (1, 2, 3):
        ledger.tasks.add(lease(job, number), job, NOW)
    sha256 = lease(job).order.order.manifest_sha256
    assert ledger.tasks.core_s_seen(sha256) == 0.0
    ledger.tasks.set_result(lease_id(1), TaskUsage(10.0, 1.0, 1), "a" * 64)
    ledger.tasks.set_result(lease_id(2), TaskUsage(20.0, 1.0, 1), "b" * 64)
    ledger.tasks.set_result(lease_id(3), TaskUsage(500.0, 1.0, 1), None)
    assert ledger.tasks.core_s_seen(sha256) == 15.0
    assert ledger.tasks.core_s_seen("f" * 64) == 0.0
