"""What an engine client's exit status means, as a pure function."""

from __future__ import annotations

from dataclasses import dataclass

from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox import explanations
from gridle.worker.sandbox.port import Ending

ENGINE_FAILED = 125
"""The engine's own failure (podman-run(1), "Exit Status")... or the task's, by coincidence."""
COMMAND_FAILED = frozenset({126, 127})
KILLED = 137
FORBIDDEN = 159
"""Ended by SIGSYS: a system call of another kind of machine, by which filters are often passed."""
FILE_TOO_LARGE = 153
"""Ended by SIGXFSZ: a file beyond the limit of a single one."""


@dataclass(frozen=True)
class Facts:
    """What is known of a container's end."""

    status: int
    """Exit status of the client; negative where a signal ended the client itself."""
    began: bool
    """Whether the container's first process ran."""
    container_status: int | None
    """The exit status in the engine's records; None where it has none."""
    out_of_memory: bool
    tells_memory: bool
    """Whether an end for want of memory would be known as one; Docker on version 1 misses some."""
    flooded: bool
    killed: bool
    """By us."""
    command: str


def needs_inspection(status: int) -> bool:
    """Whether the engine's records must be asked for the exit status to mean something."""
    return status < 0 or status in {ENGINE_FAILED, KILLED, *COMMAND_FAILED}


def began(started_at: object) -> bool | None:
    """Tell by the engine's record of a start: the year 1 where there was none; None: no record."""
    if not isinstance(started_at, str) or not started_at:
        return None
    return not started_at.startswith("0001-")


def reading(facts: Facts) -> tuple[Ending, Sentence | None]:
    """Return whose fault the end was, and the sentence for it."""
    if facts.flooded:
        return Ending.FAILED, explanations.FLOODED
    if facts.status == 0:
        return Ending.FINISHED, None
    if facts.out_of_memory and not facts.killed:
        return Ending.FAILED, explanations.OUT_OF_MEMORY
    if facts.status in COMMAND_FAILED and not facts.began:
        return Ending.FAILED, explanations.command_missing(facts.command)
    engine_gone = facts.status == ENGINE_FAILED and facts.container_status != ENGINE_FAILED
    # nothing inside can kill a first process; one that ends with this status by itself gains little
    from_outside = facts.status == KILLED and facts.tells_memory and not facts.killed
    if facts.killed or facts.status < 0 or engine_gone or from_outside:
        said = explanations.KILLED_FROM_OUTSIDE if from_outside else explanations.ENGINE_GONE
        return Ending.BROKEN, said
    known = {
        FORBIDDEN: explanations.FORBIDDEN,
        FILE_TOO_LARGE: explanations.FILE_TOO_LARGE,
    }
    return Ending.FAILED, known.get(facts.status, explanations.exit_status(facts.status))
