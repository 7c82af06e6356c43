"""What the agent's one queue carries: everything that happens, from every thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.messages import CheckpointRef
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.messages import Command, RuntimeView
from gridle.worker.ledger.checkpoints import Checkpoint
from gridle.worker.sandbox.checkpoint_store import Found
from gridle.worker.sandbox.output import PackedOutput
from gridle.worker.sandbox.port import Outcome, RunningTask, Share
from gridle.worker.sources.port import SourceEvent


@dataclass(frozen=True)
class ReadingsChanged:
    """A probe saw something that the policy should know at once."""


@dataclass(frozen=True)
class FromSource:
    """The source of work said something."""

    event: SourceEvent


@dataclass(frozen=True)
class Asked:
    """A local client's command; `answer` takes None for done, or why not."""

    command: Command
    answer: Callable[[Sentence | None], None]


@dataclass(frozen=True)
class RuntimesLookedAt:
    """Which sandboxes work."""

    views: tuple[RuntimeView, ...]


@dataclass(frozen=True)
class Fetching:
    """How much of a task's program and inputs is here, in percent; None where that is unknown."""

    lease_id: LeaseId
    percent: int | None


@dataclass(frozen=True)
class Fetched:
    """A task's inputs and runtime are here, or why not."""

    lease_id: LeaseId
    error: Sentence | None
    checkpoint: Checkpoint | None = None
    """The state that came with its lease."""
    lacks_keys: bool = False
    """Its requestor sent no keys: no fence is at fault, and trying again would not help."""


@dataclass(frozen=True)
class Started:
    """A task runs, or why it could not be started."""

    lease_id: LeaseId
    running: RunningTask | None
    error: Sentence | None
    found: Found | None = None
    """From which saved state it goes on, and which were damaged; None where it saves none."""


@dataclass(frozen=True)
class Saved:
    """A task was told to save; its state is in the worker's own folder now, or is not."""

    lease_id: LeaseId
    checkpoint: Checkpoint | None
    error: Sentence | None = None
    """What kept this machine from keeping it."""


@dataclass(frozen=True)
class StatePacked:
    """A saved state lies ready to go with its task to the market; None: it goes without."""

    lease_id: LeaseId
    ref: CheckpointRef | None
    archive: Path | None


@dataclass(frozen=True)
class StateCopied:
    """A copy of a running task's saved state lies ready for the market; None: it does not."""

    lease_id: LeaseId
    ref: CheckpointRef | None
    archive: Path | None


@dataclass(frozen=True)
class Setting:
    """What a running task is told: paused or not, and its share."""

    paused: bool
    share: Share


@dataclass(frozen=True)
class Adjusted:
    """A setting holds for a task, or the sandbox failed to make it so."""

    lease_id: LeaseId
    setting: Setting
    error: Sentence | None


@dataclass(frozen=True)
class Ended:
    """A task ended."""

    lease_id: LeaseId
    outcome: Outcome


@dataclass(frozen=True)
class Collected:
    """A task's output is one archive in the results folder, or why not."""

    lease_id: LeaseId
    output: PackedOutput | None
    error: Sentence | None
    can_retry: bool = False
    """The fault was this machine's, not the task's."""


@dataclass(frozen=True)
class Stop:
    """End the agent; running tasks are stopped and begin again at the next start."""


TaskEvent = (
    Fetching | Fetched | Started | Saved | StatePacked | StateCopied | Adjusted | Ended | Collected
)
Event = ReadingsChanged | FromSource | Asked | RuntimesLookedAt | TaskEvent | Stop
