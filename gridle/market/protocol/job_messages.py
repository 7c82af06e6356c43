"""What a requestor and the market say to each other over HTTP (JSON bodies)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from gridle.market.protocol.ids import (
    Address,
    JobId,
    LeaseId,
    PublicKey,
    Sha256,
    Signature,
    TaskId,
    Units,
    UnixTime,
)
from gridle.market.protocol.manifest import RuntimeKind
from gridle.market.protocol.messages import SealingKey, TaskUsage
from gridle.market.protocol.money import Appointment, SignedOrder
from gridle.market.protocol.sentence import Sentence
from gridle.market.protocol.states import JobState, TaskState


class RequestorEnrolment(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/requestors: the key that signs this request may speak for `payer`.

    `signature` is the payer wallet's own over `client_key_digest`. Repeating is harmless.
    """

    payer: Address
    signature: Signature


class JobSubmission(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/jobs: the manifest and every blob it names were uploaded before.

    Submitting the same signed order again answers with the same job.
    """

    order: SignedOrder


class JobStatus(Struct, frozen=True):
    """One job as its requestor sees it."""

    job_id: JobId
    name: str
    title: str
    state: JobState
    runtime: RuntimeKind
    manifest_sha256: Sha256
    price_units: Units
    budget_units: Units
    awarded_units: Units
    task_counts: dict[TaskState, int]
    created_at: float
    deadline_at: float
    waiting: Sentence | None = None
    """Why nothing of it is being worked on, where that is so."""


class AwaitedKey(Struct, frozen=True):
    """A node that has a sealed task and waits for its keys.

    `sealing` is told by the market: check its signature against the task's `node` first.
    """

    lease_id: LeaseId
    sealing: SealingKey


class TaskStatus(Struct, frozen=True):
    """One task as its requestor sees it; `node` and result are those of the current attempt."""

    task_id: TaskId
    index: int
    state: TaskState
    attempts: int
    node: PublicKey | None = None
    payee: Address | None = None
    result_sha256: Sha256 | None = None
    usage: TaskUsage | None = None
    failure: str | None = None
    """Why the last attempt ended without an accepted result."""
    cumulative_units: Units | None = None
    """For an awarded task: the pair's cumulative voucher amount once it is included."""
    awaits: AwaitedKey | None = None
    """For a sealed task whose node has no keys yet: to whom they are to be wrapped."""
    saved_cpu_s: float | None = None
    """Where the market has a state from which the task goes on: the CPU seconds in it."""


class JobDetail(Struct, frozen=True):
    """GET /v1/jobs/{id}?after=VERSION&wait_s=S: answers once `version` > after, or in time."""

    status: JobStatus
    tasks: tuple[TaskStatus, ...]
    version: int


class JobList(Struct, frozen=True):
    """GET /v1/jobs: the requestor's jobs, newest first."""

    jobs: tuple[JobStatus, ...]


class TaskVerdict(Struct, frozen=True, forbid_unknown_fields=True):
    """The requestor's judgement on one revealed result."""

    task_id: TaskId
    result_sha256: Sha256
    accepted: bool
    reason: Annotated[str, Meta(max_length=500)] = ""


class VerdictBatch(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/jobs/{id}/verdicts. A verdict on a result that is no longer asked for is void."""

    verdicts: Annotated[tuple[TaskVerdict, ...], Meta(max_length=1000)]


class VerdictReply(Struct, frozen=True):
    """Which verdicts counted."""

    counted: tuple[TaskId, ...]


class LeaseKey(Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of one sealed task, wrapped to the node that has the lease."""

    lease_id: LeaseId
    wrapped: Annotated[str, Meta(pattern=r"^([0-9a-f]{2}){64,512}$(?!\n)")]
    """A sealed box in hex; nobody but that node can open it."""


class LeaseKeyBatch(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/jobs/{id}/keys. Keys for a lease that needs none are void."""

    keys: Annotated[tuple[LeaseKey, ...], Meta(max_length=1000)]


class LeaseKeyReply(Struct, frozen=True):
    """Which keys were taken."""

    taken: tuple[LeaseId, ...]


class WrappedKeys(Struct, frozen=True):
    """GET /v1/leases/{id}/key?wait_s=S, by the lease's node: None where none came in time."""

    key: LeaseKey | None


class PayerAccount(Struct, frozen=True):
    """GET /v1/payers/{address}: what a payer's deposit is bound to."""

    payer: Address
    balance_units: Units
    """On the hub, minus nothing."""
    awarded_unredeemed_units: Units
    reserved_units: Units
    """The open part of this payer's jobs' budgets."""
    available_units: Units
    delegate_cap_left_units: Units
    delegate_expiry: int


class DepositAuthorization(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/relay/deposits: an EIP-3009 ReceiveWithAuthorization that the market relays.

    The payer needs no gas. `signature` is r‖s‖v over the token's own EIP-712 domain.
    """

    payer: Address
    value_units: Units
    valid_after: UnixTime
    valid_before: UnixTime
    nonce: Sha256
    signature: Signature


class SignedAppointment(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/relay/appointments: the payer appoints a delegate; the market relays it."""

    appointment: Appointment
    signature: Signature


class RelayReceipt(Struct, frozen=True):
    """The transaction that carried it, mined."""

    tx_hash: str
    block_number: int
    gas_used: int
