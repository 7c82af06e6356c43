from __future__ import annotations

from dataclasses import replace

import pytest

from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox import explanations
from gridle.worker.sandbox.container_exit import Facts, began, needs_inspection, reading
from gridle.worker.sandbox.port import Ending

PLAIN = Facts(
    status=0,
    began=True,
    container_status=None,
    out_of_memory=False,
    tells_memory=True,
    flooded=False,
    killed=False,
    command="/run",
)


@pytest.mark.parametrize(
    ("facts", "ending"),
    [
        (PLAIN, Ending.FINISHED),
        (replace(PLAIN, status=3), Ending.FAILED),
        (replace(PLAIN, status=137, out_of_memory=True), Ending.FAILED),
        (replace(PLAIN, status=137, killed=True), Ending.BROKEN),
        (replace(PLAIN, status=137), Ending.BROKEN),
        (replace(PLAIN, status=137, tells_memory=False), Ending.FAILED),
        (replace(PLAIN, status=127, began=False), Ending.FAILED),
        (replace(PLAIN, status=125), Ending.BROKEN),
        (replace(PLAIN, status=125, container_status=125), Ending.FAILED),
        (replace(PLAIN, status=-9), Ending.BROKEN),
        (replace(PLAIN, status=137, flooded=True), Ending.FAILED),
    ],
)
def test_each_end_is_blamed_on_who_did_it(facts: Facts, ending: Ending) -> None:
    assert reading(facts)[0] is ending


def test_memory_has_its_own_sentence() -> None:
    assert reading(replace(PLAIN, status=137, out_of_memory=True))[1] == explanations.OUT_OF_MEMORY


@pytest.mark.parametrize(
    ("status", "said"),
    [(159, explanations.FORBIDDEN), (153, explanations.FILE_TOO_LARGE)],
)
def test_what_the_kernel_ended_it_for_is_said(status: int, said: Sentence) -> None:
    assert reading(replace(PLAIN, status=status)) == (Ending.FAILED, said)


def test_a_child_that_needed_too_much_does_not_fail_a_task_that_ended_well() -> None:
    assert reading(replace(PLAIN, status=0, out_of_memory=True)) == (Ending.FINISHED, None)


@pytest.mark.parametrize(
    ("started_at", "begun"),
    [
        ("2026-11-25T22:31:03.271039957Z", True),
        ("0001-01-01T00:00:00Z", False),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_a_start_is_known_by_the_engines_record(started_at: object, *, begun: bool | None) -> None:
    assert began(started_at) is begun


@pytest.mark.parametrize(("status", "needs"), [(0, False), (1, False), (126, True), (-9, True)])
def test_a_status_that_means_two_things_is_looked_up(status: int, *, needs: bool) -> None:
    assert needs_inspection(status) is needs
