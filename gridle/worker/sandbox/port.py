"""The port behind which every fence stands.

A sandbox makes one `RunningTask` per task. All calls may come from any thread, are idempotent
where that makes sense (pausing a paused task, stopping an ended one), and return when the
effect holds: after `pause` returns, the task uses no CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from gridle.market.protocol.manifest import (
    CheckpointRule,
    Isolation,
    Resources,
    Runtime,
    RuntimeKind,
)
from gridle.market.protocol.messages import TaskUsage
from gridle.market.protocol.sentence import Sentence


@dataclass(frozen=True)
class TaskSpec:
    """What to run. `name` is unique among live tasks and safe in file and container names."""

    name: str
    runtime: Runtime
    arguments: tuple[str, ...]
    resources: Resources
    folder: Path
    """The task's own: holds `in/` (read-only to the task) and `out/`; made by the caller.
    The sandbox may keep what it needs beside them, and `wipe` removes everything."""
    gpus: tuple[str, ...] = ()
    """The UUIDs of the graphics cards that it holds; only such a task has a `gpu_percent`."""
    checkpoint: CheckpointRule | None = None
    """With one, `folder` also holds `checkpoint/`, with `state` in it where the task goes on."""
    isolation: Isolation = "any"
    network_allow: tuple[str, ...] = ()
    """Host names that it may reach through the sandbox's proxy; empty: no network."""


@dataclass(frozen=True)
class Share:
    """One task's part of the allowance."""

    cpu_percent: float
    """Of one core, averaged over any quarter of a second: 150 is one and a half cores."""
    core_ids: tuple[int, ...] = ()
    """The logical cores that it is kept to; empty: any. Cores that are not there are passed over,
    and where none of them is there, any core will do: `cpu_percent` holds all the same."""
    gpu_percent: float = 100.0
    """Of the time in which it may use its graphics cards; it is stopped as a whole for the rest."""


class Ending(StrEnum):
    """How a task ended."""

    FINISHED = "finished"
    """Exit status 0, and its output is within the limits."""
    FAILED = "failed"
    """Its own fault: exit status, a trap, or a limit of the manifest reached."""
    STOPPED = "stopped"
    """We stopped it."""
    BROKEN = "broken"
    """The sandbox's fault (engine gone, host process killed): the task can be tried again."""


@dataclass(frozen=True)
class Outcome:
    """The end of a task. `explanation` is set unless it finished."""

    ending: Ending
    explanation: Sentence | None = None
    log_tail: str = ""
    """The last lines of its standard error, cleaned of control characters; untrusted."""


@dataclass(frozen=True)
class Availability:
    """Whether a sandbox works on this machine; `explanation` says what to do where not."""

    works: bool
    explanation: Sentence
    """One sentence: what was found, or what is missing and how to get it."""
    version: str = ""
    gvisor: bool = False
    """Whether tasks that demand gVisor run here."""
    network: bool = False
    """Whether a task can be given a way to named hosts and nowhere else."""
    gpus: bool = False
    """Whether graphics cards can be handed to a task by CDI."""


OnEnd = Callable[[Outcome], None]
"""Called exactly once, from a thread of the sandbox's own, when the task has ended."""


class RunningTask(Protocol):
    """One task in its fence."""

    def apply(self, share: Share) -> None:
        """Throttle to `share` from now on, paused or not."""

    def pause(self) -> None:
        """Stop all use of CPU; memory is kept."""

    def resume(self) -> None:
        """Go on under the last applied share."""

    def stop(self) -> None:
        """End it now; `on_end` still comes, with STOPPED."""

    def save(self, grace_s: float) -> bool:
        """Tell it to save its state, and wait; whether a newer state is in place in time.

        The task goes on as before. A paused one cannot save: resume it first. False at once for a
        task without a `checkpoint` rule. See docs/checkpoints.md.
        """

    def usage(self) -> TaskUsage:
        """Return what it has used so far; the final figures once it has ended."""


class Sandbox(Protocol):
    """One kind of fence."""

    kind: RuntimeKind

    def availability(self) -> Availability:
        """Look at the machine (may take seconds; not cached)."""

    def prepare(self, runtime: Runtime, fetch: Callable[[Runtime], Path]) -> None:
        """Make the module or image ready, by digest.

        `fetch` returns the module, or an archive of the image, whose digests were checked.

        Raises:
            GridleError: it cannot be had, or is not what the manifest names.
        """

    def start(self, spec: TaskSpec, share: Share, on_end: OnEnd) -> RunningTask:
        """Start a prepared task under `share`.

        Raises:
            GridleError: it could not be started; nothing is left behind.
        """

    def sweep(self) -> int:
        """Remove what earlier runs of this worker left (processes, containers); return how many."""

    def close(self) -> None:
        """Stop every task and leave nothing running."""
