"""What came of every case in every fence, for the table at the end of a run."""

from __future__ import annotations

from gridle.worker.sandbox.port import Outcome
from tests.escape.fence import judgements

_WIDTH = 60
_said: dict[str, dict[str, str]] = {}


def note(case: str, fence: str, outcome: Outcome) -> None:
    """Keep how an attack that was stopped was stopped."""
    errors = dict.fromkeys(error for _, _, error in judgements(outcome.log_tail))
    said = outcome.explanation.en if outcome.explanation else ""
    words = "; ".join(errors) if errors else said.partition(";")[0]
    record(case, fence, f"{outcome.ending}: {words}"[:_WIDTH])


def record(case: str, fence: str, said: str) -> None:
    """Keep what was seen of an attack that was stopped."""
    _said.setdefault(case, {})[fence] = said


def said() -> dict[str, dict[str, str]]:
    """Return what was kept, by case and fence, to be handed to another process."""
    return _said


def take(others: dict[str, dict[str, str]]) -> None:
    """Keep what another process saw."""
    for case, by in others.items():
        _said.setdefault(case, {}).update(by)


def table() -> list[str]:
    """Return the lines of the table."""
    lines = [
        f"{case} | {fence} | {said}" for case, by in _said.items() for fence, said in by.items()
    ]
    return [f"{len(_said)} attacks were stopped:", *lines] if lines else []
