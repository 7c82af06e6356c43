"""One node's try at one task, under one lease."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gridle.market.protocol.ids import Address, LeaseId, PublicKey, Sha256, TaskId


class AttemptState(StrEnum):
    """How far an attempt came; only the first three can still change."""

    LEASED = "leased"
    COMMITTED = "committed"
    REVEALED = "revealed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FAILED = "failed"
    RETURNED = "returned"
    LAPSED = "lapsed"
    """The lease ran out."""
    CANCELLED = "cancelled"
    """The job ended first."""


OPEN = frozenset({AttemptState.LEASED, AttemptState.COMMITTED, AttemptState.REVEALED})
RENEWABLE = frozenset({AttemptState.LEASED, AttemptState.COMMITTED})
DELIVERED = frozenset({AttemptState.REVEALED, AttemptState.ACCEPTED, AttemptState.REJECTED})


@dataclass(frozen=True)
class Attempt:
    """A lease and what came of it."""

    lease_id: LeaseId
    task_id: TaskId
    node: PublicKey
    payee: Address
    state: AttemptState
    leased_at: float
    expires_at: float
    commitment_sha256: Sha256 | None = None
    result_sha256: Sha256 | None = None
    verdict_due_at: float | None = None
    """When the result counts as accepted without a verdict."""
    from_checkpoint_sha256: Sha256 | None = None
    """Where it went on from; None: it began at the beginning."""
