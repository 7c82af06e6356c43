from __future__ import annotations

import threading

from gridle.worker.agent.hands import Hands

DEADLINE_S = 10.0


def test_as_many_jobs_at_once_as_there_are_hands() -> None:
    hands = Hands("test", 3)
    together = threading.Barrier(4)

    def meet() -> None:
        together.wait(DEADLINE_S)

    for _ in range(3):
        hands.do(meet)
    together.wait(DEADLINE_S)
    hands.close(DEADLINE_S)


def test_one_hand_keeps_the_order() -> None:
    hands = Hands("test", 1)
    done: list[int] = []
    finished = threading.Event()
    for number in range(20):
        hands.do(lambda number=number: done.append(number))  # type: ignore[misc] # a default binds the number
    hands.do(finished.set)
    assert finished.wait(DEADLINE_S)
    assert done == list(range(20))
    hands.close(DEADLINE_S)
