"""Which of the engine's images are ours."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.worker.ledger.connection import connect
from gridle.worker.ledger.images import ImageRecord, ImageTable
from gridle.worker.ledger.ledger import open_ledger

A, B = "a" * 64, "b" * 64


@pytest.fixture
def table(tmp_path: Path) -> Iterator[ImageTable]:
    found = ImageTable(connect(tmp_path / "ledger.sqlite"))
    yield found
    found.close()


def test_images_come_in_the_order_in_which_they_were_last_used(table: ImageTable) -> None:
    table.put(ImageRecord(A, 5, 1.0))
    table.put(ImageRecord(B, 2**40, 2.0))
    assert [each.image_sha256 for each in table.all()] == [A, B]
    table.used(A, 3.0)
    assert table.all() == (ImageRecord(B, 2**40, 2.0), ImageRecord(A, 5, 3.0))


def test_a_known_image_is_known_better(table: ImageTable) -> None:
    table.put(ImageRecord(A, 5, 1.0))
    table.put(ImageRecord(A, 7, 2.0))
    assert table.all() == (ImageRecord(A, 7, 2.0),)


def test_somebody_elses_image_never_becomes_ours_by_use(table: ImageTable) -> None:
    table.used(A, 3.0)
    assert table.all() == ()


def test_what_is_forgotten_is_not_ours(table: ImageTable) -> None:
    table.put(ImageRecord(A, 5, 1.0))
    table.forget(A)
    table.forget(B)
    assert table.all() == ()


def test_several_threads_write_beside_the_ledgers_own(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite", 0.0).ledger
    table = ImageTable(connect(tmp_path / "ledger.sqlite"))

    def write(number: int) -> None:
        for step in range(20):
            table.put(ImageRecord(f"{number:064x}", step, float(step)))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for step in range(20):
        ledger.put("word", str(step))
    for each in threads:
        each.join()
    assert [each.size_bytes for each in table.all()] == [19] * 4
    table.close()
    ledger.close()
