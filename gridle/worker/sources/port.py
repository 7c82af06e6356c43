"""The port behind which every source of work stands; the Gridle market is the first.

A source runs its own threads. It never touches the ledger or a sandbox: it hands what it
learned to `on_event`, and is told what to do by plain calls that return at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.ids import JobId, LeaseId, Sha256
from gridle.market.protocol.manifest import Manifest, RuntimeKind
from gridle.market.protocol.messages import Lease, MarketInfo, SettlementPage, TaskReport
from gridle.market.protocol.sealing import TaskKeys
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sources.progress import OnProgress, tell_nobody


@dataclass(frozen=True)
class Capacity:
    """What the worker would take now; `slots` of 0 asks for nothing."""

    runtimes: tuple[RuntimeKind, ...]
    slots: int
    cores: int
    memory_bytes: int
    ask_units_per_core_hour: int = 0
    """Net rate per reference core-hour under which the owner does not work."""
    gvisor: bool = False
    """Whether containers can run under gVisor."""
    network: bool = False
    """Whether tasks may reach the hosts that their manifests name."""
    gpus: int = 0
    gpu_memory_bytes: int = 0
    """Of the smallest of those cards."""
    not_jobs: tuple[JobId, ...] = ()
    """Of these nothing is to be offered."""


@dataclass(frozen=True)
class Transferred:
    """What went over the network since the source was made: heads and bodies of messages.

    What lower layers add (encryption, packets' own heads, packets sent twice) is not in it: some
    five in a hundred more for large bodies.
    """

    sent_bytes: int
    received_bytes: int


@dataclass(frozen=True)
class Connected:
    """The source answers (again)."""

    info: MarketInfo


@dataclass(frozen=True)
class Disconnected:
    """The source does not answer; it is tried again by itself."""

    explanation: Sentence


@dataclass(frozen=True)
class Offered:
    """A lease with its manifest; the order's signature and the manifest's digest were checked."""

    lease: Lease
    manifest: Manifest


@dataclass(frozen=True)
class NoWork:
    """Nothing to do, and why."""

    explanation: Sentence


@dataclass(frozen=True)
class Renewed:
    """A lease lasts longer."""

    lease_id: LeaseId
    expires_at: float


@dataclass(frozen=True)
class Lost:
    """A lease is no longer ours; its task is to be stopped."""

    lease_id: LeaseId


@dataclass(frozen=True)
class Reported:
    """A report arrived; `refused` says why it did not count, where it did not.

    A refused `Saved` says nothing about its lease: the task goes on. Its file, and that of a
    return, is needed no longer.
    """

    lease_id: LeaseId
    report: TaskReport
    refused: Sentence | None
    remark: Sentence | None = None
    """What did not count of one that did: why a return went without its checkpoint."""


@dataclass(frozen=True)
class Settled:
    """Verdicts and redemptions, vouchers checked against their signer."""

    page: SettlementPage


SourceEvent = Connected | Disconnected | Offered | NoWork | Renewed | Lost | Reported | Settled


class NoKeysError(UnavailableError):
    """The requestor sent no keys for a sealed task: give it back; no fence is at fault."""


class Source(Protocol):
    """One place where work comes from."""

    def start(self, on_event: Callable[[SourceEvent], None], settled_after: int) -> None:
        """Begin; settlements are asked for from after this sequence number."""

    def want(self, capacity: Capacity) -> None:
        """Say what could be taken now; replaces what was said before."""

    def hold(self, lease_ids: frozenset[LeaseId]) -> None:
        """Say which leases to keep renewing; replaces what was said before."""

    def report(self, report: TaskReport, archive: Path | None) -> None:
        """Deliver a report, with retries until answered; its result or checkpoint first.

        A checkpoint is tried for some minutes only: then a `Returned` goes without it, and a
        `Saved` counts as refused, as it does where a newer report of its lease overtakes it.
        """

    def keep(self, digests: Iterable[Sha256]) -> AbstractContextManager[None]:
        """For a block, let none of these blobs be evicted once it is here.

        Without that, the path which `blob` returned can be gone when it is opened.
        """

    def blob(self, sha256: Sha256, on_progress: OnProgress = tell_nobody) -> Path:
        """Return the local copy of a blob, fetched and checked by digest (blocks).

        `on_progress` is told some four times a second, from the thread that fetches.

        Raises:
            GridleError: it cannot be had now, or is not what its digest says.
        """

    def task_keys(self, lease_id: LeaseId) -> TaskKeys:
        """Return the keys of a sealed task, waiting some minutes for its requestor (blocks).

        They are kept nowhere: ask again after a restart.

        Raises:
            NoKeysError: none came in time, or none that this machine can open.
            GridleError: the lease is no longer ours, or the source closes.
        """

    def forget(self, blobs: Iterable[Sha256]) -> None:
        """Remove the local copies of blobs, whole or in part; those that are not here are fine."""

    def limit(self, download_bytes_s: int | None, upload_bytes_s: int | None) -> None:
        """Hold blobs and results to these rates from now on, also those under way.

        None: no limit; 0: they wait, and fail not, until there is a rate again. Messages to and
        from the market are never held up. In any span of time no more passes than the rate gives
        for it and a quarter of a second.
        """

    def transferred(self) -> Transferred:
        """Return how much was sent and received so far."""

    def close(self) -> None:
        """Stop all threads and transfers; undelivered reports are the ledger's to repeat."""
