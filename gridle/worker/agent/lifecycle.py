"""The life of a task on the worker, as a pure state machine.

`offered → fetching → ready → running ⇄ paused → finishing → reported → settled`, and from most
places to `failed` (the task's or its judge's fault) or `returned` (given back, or taken away).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gridle.worker.ipc.messages import WorkerTaskState as State


class Happening(StrEnum):
    """What can befall a task."""

    FETCH = "fetch"
    FETCHED = "fetched"
    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    FINISHED = "finished"
    REVEALED = "revealed"
    """The market took the result."""
    ACCEPTED = "accepted"
    FAILED = "failed"
    """The task failed, its result was refused, or its requestor rejected it."""
    EVICTED = "evicted"
    """Stopped to give memory or a card back; it goes on here from its saved state."""
    BROKE = "broke"
    """The sandbox failed it, or this worker was restarted: it begins again."""
    RETURNED = "returned"


END_STATES = frozenset({State.SETTLED, State.FAILED, State.RETURNED})
"""Nothing moves a task out of these."""

_BEFORE_RESULT = (State.OFFERED, State.FETCHING, State.READY, State.RUNNING, State.PAUSED)

_FORWARD: Mapping[tuple[State, Happening], State] = {
    (State.OFFERED, Happening.FETCH): State.FETCHING,
    (State.FETCHING, Happening.FETCHED): State.READY,
    (State.READY, Happening.STARTED): State.RUNNING,
    (State.RUNNING, Happening.PAUSED): State.PAUSED,
    (State.PAUSED, Happening.RESUMED): State.RUNNING,
    (State.RUNNING, Happening.FINISHED): State.FINISHING,
    (State.PAUSED, Happening.FINISHED): State.FINISHING,
    (State.RUNNING, Happening.EVICTED): State.READY,
    (State.PAUSED, Happening.EVICTED): State.READY,
    (State.FINISHING, Happening.REVEALED): State.REPORTED,
    (State.REPORTED, Happening.ACCEPTED): State.SETTLED,
    # A verdict can overtake the answer to the report that it judges.
    (State.FINISHING, Happening.ACCEPTED): State.SETTLED,
    (State.FINISHING, Happening.FAILED): State.FAILED,
    (State.FINISHING, Happening.RETURNED): State.RETURNED,
    (State.FINISHING, Happening.BROKE): State.OFFERED,
    (State.REPORTED, Happening.FAILED): State.FAILED,
}

_STEPS: Mapping[tuple[State, Happening], State] = {
    **_FORWARD,
    **{(state, Happening.FAILED): State.FAILED for state in _BEFORE_RESULT},
    **{(state, Happening.RETURNED): State.RETURNED for state in _BEFORE_RESULT},
    **{(state, Happening.BROKE): State.OFFERED for state in _BEFORE_RESULT},
}


def advance(state: State, happening: Happening) -> State | None:
    """Return the state after `happening`; None where it does not apply and changes nothing.

    Events arrive from many threads and from a market that may repeat itself, so one that comes
    late or twice is ordinary.
    """
    return _STEPS.get((state, happening))
