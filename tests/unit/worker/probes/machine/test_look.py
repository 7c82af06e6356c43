"""A figure is measured as often as is worth it, and failing costs no more than the figure."""

from __future__ import annotations

from itertools import count

import pytest

from gridle.worker.probes.machine.look import Look


def test_it_is_due_by_its_period_and_sooner_while_tasks_run() -> None:
    numbers = count(1)
    look = Look(lambda: next(numbers), 0, period_s=10.0, closely_s=1.0)
    assert look.value == 0
    assert look.due_at(closely=False) == float("-inf")
    look.measure(100.0, lambda: 100.0)
    assert look.value == 1
    assert look.due_at(closely=False) == pytest.approx(110.0)
    assert look.due_at(closely=True) == pytest.approx(101.0)


def test_what_is_forgotten_is_due_even_if_that_came_while_it_was_measured() -> None:
    look = Look(lambda: look.forget(), None, period_s=10.0, closely_s=1.0)  # noqa: PLW0108 - not there yet
    look.measure(100.0, lambda: 100.0)
    assert look.due_at(closely=True) == float("-inf")


def test_a_slow_driver_is_asked_less_often() -> None:
    times = iter([100.0, 100.2])
    look = Look(lambda: 1, 0, period_s=10.0, closely_s=1.0)
    look.measure(100.0, lambda: next(times))
    assert look.due_at(closely=True) == pytest.approx(120.0)
    times = iter([200.0, 207.0])
    look.measure(200.0, lambda: next(times))
    assert look.due_at(closely=False) == pytest.approx(260.0)


def test_what_fails_is_unknown_until_it_works_again(caplog: pytest.LogCaptureFixture) -> None:
    answers = iter([1.0, None, None, 2.0])

    def measure() -> float | None:
        answer = next(answers)
        if answer is None:
            raise LookupError
        return answer

    look = Look(measure, None, period_s=1.0, closely_s=1.0)
    seen = []
    for _ in range(4):
        look.measure(0.0, lambda: 0.0)
        seen.append(look.value)
    assert seen == [1.0, None, None, 2.0]
    assert len(caplog.records) == 1
