from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from gridle.worker.sandbox.brake import GPU_CYCLE_S, Brake

DEADLINE_S = 30.0


class Task:
    """Counts what its brake does."""

    def __init__(self) -> None:
        self.frozen = False
        self.freezes = self.thaws = 0
        self.breaks = False
        self._changed = threading.Condition()

    def freeze(self) -> None:
        with self._changed:
            if self.breaks:
                raise OSError("no freezer")
            self.frozen = True
            self.freezes += 1
            self._changed.notify_all()

    def thaw(self) -> None:
        with self._changed:
            self.frozen = False
            self.thaws += 1
            self._changed.notify_all()

    def await_that(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, DEADLINE_S)


def brake(task: Task) -> Brake:
    return Brake("t", task.freeze, task.thaw)


def test_without_turns_it_stops_and_lets_go_alone() -> None:
    task = Task()
    made = brake(task)
    made.share_gpus(100.0)
    made.hold()
    assert task.frozen
    made.release()
    made.close()
    assert (task.freezes, task.thaws) == (1, 1)


def test_turns_alternate_until_closed() -> None:
    task = Task()
    made = brake(task)
    made.share_gpus(30.0)
    task.await_that(lambda: task.freezes >= 3 and task.thaws >= 3)
    made.close()
    seen = (task.freezes, task.thaws)
    assert not threading.Event().wait(2 * GPU_CYCLE_S)
    assert (task.freezes, task.thaws) == seen


def test_a_pause_stands_over_the_turns_whenever_they_begin() -> None:
    task = Task()
    made = brake(task)
    made.hold()
    made.share_gpus(50.0)
    assert not threading.Event().wait(3 * GPU_CYCLE_S)
    assert (task.frozen, task.thaws) == (True, 0)
    made.release()
    task.await_that(lambda: task.thaws >= 2)
    made.hold()
    thaws = task.thaws
    assert not threading.Event().wait(3 * GPU_CYCLE_S)
    assert (task.frozen, task.thaws) == (True, thaws)
    made.close()


def test_the_whole_share_ends_the_turns() -> None:
    task = Task()
    made = brake(task)
    made.share_gpus(10.0)
    task.await_that(lambda: task.freezes >= 2)
    made.share_gpus(100.0)
    task.await_that(lambda: not task.frozen)
    freezes = task.freezes
    assert not threading.Event().wait(2 * GPU_CYCLE_S)
    assert task.freezes == freezes
    made.close()


def test_a_turn_that_cannot_be_ended_is_told() -> None:
    task = Task()
    task.breaks = True
    made = brake(task)
    made.share_gpus(50.0)
    give_up_s = time.monotonic() + DEADLINE_S
    while made.fault is None:
        assert time.monotonic() < give_up_s
        threading.Event().wait(0.01)
    with pytest.raises(OSError, match="no freezer"):
        made.hold()
    made.close()
