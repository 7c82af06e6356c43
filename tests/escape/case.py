"""A row of the tables of attacks, and what makes one count as stopped."""

from __future__ import annotations

import queue
from dataclasses import dataclass

from gridle.market.protocol.manifest import Resources
from gridle.worker.sandbox.port import Ending, Outcome
from tests.escape.fence import SMALL, Attack, judgements

RUNC, GVISOR, WASM = "runc", "gvisor", "wasm"
CONTAINERS = (RUNC, GVISOR)
EVERYWHERE = (RUNC, GVISOR, WASM)

REFUSED = frozenset(
    {
        "Operation not permitted",
        "Function not implemented",
        "Permission denied",
        "Capabilities insufficient",  # WASI's own
        "Not supported",
    }
)
"""What a fence says to a call that was made in earnest; a malformed one is told something else."""
ABSENT = REFUSED | {"No such file or directory", "nothing there", "Read-only file system"}
UNMADE = "would not be a plain file with a plain name"
"""Why a module is ended that is about to make what no result may hold."""


@dataclass(frozen=True)
class Case:
    """One attack: what it tries, where, and how it has to end."""

    name: str
    arguments: tuple[str, ...]
    fences: tuple[str, ...] = CONTAINERS
    errors: frozenset[str] = REFUSED
    """Words of the errors that count as a refusal."""
    endings: tuple[Ending, ...] = (Ending.FINISHED,)
    says: tuple[str, ...] = ()
    """Any of these is in the worker's sentence, where the task did not end well."""
    tells: bool = True
    """Whether the program lives to say what came of it."""
    resources: Resources = SMALL
    unmade: bool = False
    """Whether a module is ended before the thing is there; elsewhere the worker finds it."""

    def is_unmade_in(self, fence: str) -> bool:
        """Whether the thing never comes to be in this fence."""
        return self.unmade and fence == WASM

    def sentences(self, fence: str) -> tuple[str, ...]:
        """Return what the worker may say in this fence where the task did not end well."""
        return (UNMADE,) if self.is_unmade_in(fence) else self.says


def stopped(case: Case, attack: Attack) -> Outcome:
    """Wait for the end of an attack, and check that it was stopped and that it really ran."""
    try:
        outcome = attack.outcome()
    except queue.Empty:
        attack.task.stop()
        raise AssertionError(f"{case.name} did not end") from None
    found = judgements(outcome.log_tail)
    assert not [what for verdict, what, _ in found if verdict == "BREACH"], outcome
    assert outcome.ending in case.endings, outcome
    if case.tells:
        assert found, f"{case.name} said nothing: {outcome}"
        unexpected = [(what, error) for _, what, error in found if error not in case.errors]
        assert not unexpected, unexpected
    if outcome.ending is Ending.FINISHED:
        assert outcome.explanation is None
    else:
        assert outcome.explanation is not None
        said = outcome.explanation.en
        assert any(words in said for words in case.says), said
        assert said.isprintable(), said
        assert outcome.explanation.zh
    return outcome
