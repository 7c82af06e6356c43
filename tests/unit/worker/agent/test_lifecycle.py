from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.agent.lifecycle import END_STATES, Happening, advance
from gridle.worker.ipc.messages import WorkerTaskState as State

happenings = st.lists(st.sampled_from(Happening), max_size=30)


def walk(steps: list[Happening]) -> list[State]:
    states = [State.OFFERED]
    for step in steps:
        states.append(advance(states[-1], step) or states[-1])
    return states


def test_a_task_goes_from_offer_to_settlement() -> None:
    steps = [
        Happening.FETCH,
        Happening.FETCHED,
        Happening.STARTED,
        Happening.PAUSED,
        Happening.RESUMED,
        Happening.FINISHED,
        Happening.REVEALED,
        Happening.ACCEPTED,
    ]
    assert walk(steps)[1:] == [
        State.FETCHING,
        State.READY,
        State.RUNNING,
        State.PAUSED,
        State.RUNNING,
        State.FINISHING,
        State.REPORTED,
        State.SETTLED,
    ]


@given(happenings)
def test_nothing_leaves_an_end(steps: list[Happening]) -> None:
    states = walk(steps)
    for before, after in pairwise(states):
        assert before not in END_STATES or after is before


@given(happenings)
def test_nothing_is_reported_that_never_ran(steps: list[Happening]) -> None:
    states = walk(steps)
    if State.REPORTED in states:
        assert State.RUNNING in states[: states.index(State.REPORTED)]
        assert State.FINISHING in states[: states.index(State.REPORTED)]


@given(happenings)
def test_only_a_result_can_be_settled(steps: list[Happening]) -> None:
    states = walk(steps)
    if State.SETTLED in states:
        assert State.FINISHING in states[: states.index(State.SETTLED)]


def test_every_state_can_reach_an_end() -> None:
    for state in State:
        reached, frontier = {state}, [state]
        while frontier:
            here = frontier.pop()
            for happening in Happening:
                there = advance(here, happening)
                if there is not None and there not in reached:
                    reached.add(there)
                    frontier.append(there)
        assert reached & END_STATES
