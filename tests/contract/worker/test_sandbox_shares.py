"""What a share says beside its CPU percent, asked of each adapter: cores, and turns at a card."""

from __future__ import annotations

import time

import pytest

from gridle.market.protocol.errors import UnavailableError
from gridle.worker.sandbox.cores import own_cores
from gridle.worker.sandbox.port import Ending, Share
from tests.contract.worker.conftest import Rig
from tests.contract.worker.test_sandbox import counted, rate, wait_for_count, wait_for_rate
from tests.rigs import cdi_card

pytestmark = pytest.mark.timeout(300)  # the first run on a machine builds a C library

FIRST, LAST = min(own_cores()), max(own_cores())
CARD = (cdi_card.UUID,)


def _needs_cards(rig: Rig) -> None:
    if not rig.hands_over_cards():
        pytest.skip("this engine hands no card over")


needs_two_cores = pytest.mark.skipif(FIRST == LAST, reason="this machine has one core")


@needs_two_cores
def test_a_task_starts_on_its_cores_alone_and_moves_live(rig: Rig) -> None:
    started = rig.start("count", core_ids=(LAST,))
    wait_for_count(started, 1)
    assert rig.cores(started) == {frozenset({LAST})}
    started.task.apply(Share(100.0, (FIRST,)))
    assert rig.cores(started) == {frozenset({FIRST})}
    reached = counted(started)
    wait_for_count(started, reached + 3)
    assert rig.cores(started) == {frozenset({FIRST})}
    started.task.pause()
    started.task.apply(Share(100.0, (LAST,)))
    assert rig.cores(started) == {frozenset({LAST})}
    started.task.resume()
    started.task.apply(Share(100.0))
    assert rig.cores(started) == {own_cores()}


def test_cores_that_are_not_there_are_passed_over(rig: Rig) -> None:
    started = rig.start("count", cpu_percent=50.0, core_ids=(LAST, 4000))
    wait_for_count(started, 1)
    assert rig.cores(started) == {frozenset({LAST})}
    started.task.apply(Share(50.0, (4000,)))
    assert rig.cores(started) == {own_cores()}


def test_a_card_is_handed_over_or_refused_with_a_reason(rig: Rig) -> None:
    if rig.hands_over_cards():
        outcome = rig.start("environment", gpus=CARD).outcome()
        handed_over = f"{cdi_card.VARIABLE}=1" in outcome.log_tail
        assert handed_over is (rig.sandbox.kind == "container")
    else:
        with pytest.raises(UnavailableError, match="card"):
            rig.start("environment", gpus=CARD)


def test_a_task_that_holds_a_card_runs_for_its_share_of_the_time(rig: Rig) -> None:
    _needs_cards(rig)
    started = rig.start("count", gpus=CARD, gpu_percent=30.0)
    wait_for_count(started, 1)
    began_s, before_s = time.monotonic(), rig.running_s(started)
    time.sleep(5.0)  # the span over which it is measured
    ran_s = rig.running_s(started) - before_s
    assert 0.2 < ran_s / (time.monotonic() - began_s) < 0.33
    started.task.apply(Share(100.0, (), 100.0))
    wait_for_rate(started.task, 0.5, 1.05)
    started.task.stop()
    assert started.outcome().ending is Ending.STOPPED


def test_turns_at_a_card_stand_under_a_pause_and_a_cpu_limit(rig: Rig) -> None:
    _needs_cards(rig)
    started = rig.start("count", gpus=CARD, gpu_percent=50.0, cpu_percent=40.0)
    wait_for_count(started, 1)
    started.task.pause()
    reached = counted(started)
    assert rate(started.task, 0.6) < 0.005
    started.task.apply(Share(40.0, (), 60.0))
    assert rate(started.task, 0.6) < 0.005
    assert counted(started) == reached
    started.task.resume()
    wait_for_rate(started.task, 0.1, 0.45)
    started.task.stop()
    assert started.outcome().ending is Ending.STOPPED


def test_without_a_card_there_are_no_turns(rig: Rig) -> None:
    started = rig.start("count", gpu_percent=10.0)
    wait_for_count(started, 1)
    wait_for_rate(started.task, 0.5, 1.05)
