"""What a worker and the market say to each other over HTTP (JSON bodies).

Routes: see `routes.py`. Every request is signed by the sender's Ed25519 key (`signing.py`).
Times are Unix seconds, UTC.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gridle.market.protocol.ids import (
    Address,
    ByteCount,
    JobId,
    LeaseId,
    PublicKey,
    Sequence,
    Sha256,
    Signature,
    TaskId,
    Units,
    UnixTime,
)
from gridle.market.protocol.manifest import MAX_TASKS, RuntimeKind
from gridle.market.protocol.money import SignedOrder, SignedVoucher
from gridle.market.protocol.sentence import Sentence

PROTOCOL_VERSION = 1
SEALING_CONTEXT = b"gridle sealing key 1\n"


class ChainInfo(Struct, frozen=True):
    """Where the money is."""

    chain_id: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    rpc_url: Annotated[str, Meta(max_length=2000)]
    hub: Address
    token: Address
    token_symbol: Annotated[str, Meta(max_length=32)]
    token_decimals: Annotated[int, Meta(ge=0, le=36)]
    is_play_money: bool


class MarketInfo(Struct, frozen=True):
    """GET /v1/market: who the market is."""

    name: Annotated[str, Meta(max_length=200)]
    protocol_version: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    chain: ChainInfo
    delegate: Address
    """Signs vouchers for the payers that appointed it."""
    lease_s: Annotated[float, Meta(gt=0, le=1e7)]
    """How long a lease lasts without renewal."""
    server_time: float


class ErrorReply(Struct, frozen=True):
    """The body of every reply with a status of 400 or more."""

    sentence: Sentence


class CheckpointRef(Struct, frozen=True, forbid_unknown_fields=True):
    """A task's saved state as a blob; of a sealed job, encrypted with its task's key."""

    sha256: Sha256
    size_bytes: Annotated[int, Meta(ge=1, le=5 * 2**30)]
    done_cpu_s: Annotated[float, Meta(ge=0)] = 0.0
    """CPU seconds that went into it, on whichever machines; told by nodes, so only a hint."""


class SealingKey(Struct, frozen=True, forbid_unknown_fields=True):
    """The X25519 key to which a node has data keys wrapped, signed by the node's identity.

    `signature` is Ed25519, in hex, over `SEALING_CONTEXT` and the key's 32 raw bytes.
    """

    public_key: PublicKey
    signature: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}$(?!\n)")]


class NodeEnrolment(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/nodes: a node says who is paid. Its key is the one that signs the request.

    Repeating it is harmless. Changing the payout address needs `payout_signature` by the old
    payout wallet over `payout_change_digest`, not older than a day.
    """

    payout_address: Address
    issued_at: UnixTime = 0
    payout_signature: Signature | None = None
    sealing: SealingKey | None = None
    """Without one, the node gets no sealed tasks."""


class NodeRecord(Struct, frozen=True):
    """What the market knows of a node."""

    node: PublicKey
    payout_address: Address
    enrolled_at: float


class LeaseRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/leases: long-poll for up to `slots` tasks; waits up to `wait_s`."""

    runtimes: Annotated[tuple[RuntimeKind, ...], Meta(max_length=2)]
    slots: Annotated[int, Meta(ge=1, le=64)]
    cores: Annotated[int, Meta(ge=1, le=4096)]
    memory_bytes: ByteCount
    ask_units_per_core_hour: Units = 0
    """Net rate per reference core-hour under which the owner does not work."""
    wait_s: Annotated[float, Meta(ge=0, le=60)] = 25.0
    gvisor: bool = False
    """Whether it can run containers under gVisor; of other tasks nothing is said by that."""
    network: bool = False
    """Whether its owner lets tasks reach the hosts that their manifests name."""
    gpus: Annotated[int, Meta(ge=0, le=16)] = 0
    gpu_memory_bytes: ByteCount = 0
    """Of the smallest of those cards."""
    not_jobs: Annotated[tuple[JobId, ...], Meta(max_length=64)] = ()
    """Jobs to which its owner said no, or has not said yes."""


class Lease(Struct, frozen=True):
    """One task, given to one node until `expires_at` unless renewed."""

    lease_id: LeaseId
    task_id: TaskId
    task_index: Annotated[int, Meta(ge=0, lt=MAX_TASKS)]
    order: SignedOrder
    price_units: Units
    expires_at: float
    funded_until: float
    """Until when the payer's deposit surely covers this pay (a delayed exit takes longer)."""
    checkpoint: CheckpointRef | None = None
    """Where an earlier node came to; go on from there."""


class LeaseBatch(Struct, frozen=True):
    """The answer to a lease request; where it is empty, `waiting` says why in one sentence."""

    leases: tuple[Lease, ...]
    waiting: Sentence | None = None


class LeaseRenewals(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/leases/renew: the node still works on these."""

    lease_ids: Annotated[tuple[LeaseId, ...], Meta(max_length=256)]


class RenewalReply(Struct, frozen=True):
    """New expiry per lease; `lost` leases are no longer the node's, and are to be stopped."""

    expires_at: dict[LeaseId, float]
    lost: tuple[LeaseId, ...]


class TaskUsage(Struct, frozen=True, forbid_unknown_fields=True):
    """What a task really used, as its sandbox measured it."""

    cpu_s: Annotated[float, Meta(ge=0)]
    wall_s: Annotated[float, Meta(ge=0)]
    """Seconds in which it ran, pauses left out."""
    peak_memory_bytes: ByteCount


class Committed(Struct, frozen=True, tag="committed", forbid_unknown_fields=True):
    """The node has a result and binds itself to it before anybody can see it."""

    lease_id: LeaseId
    commitment_sha256: Sha256


class Revealed(Struct, frozen=True, tag="revealed", forbid_unknown_fields=True):
    """The node opens its commitment; the result archive was uploaded as a blob before."""

    lease_id: LeaseId
    result_sha256: Sha256
    salt: Sha256
    usage: TaskUsage


class Failed(Struct, frozen=True, tag="failed", forbid_unknown_fields=True):
    """The task ended without a result; `reason` is for the requestor."""

    lease_id: LeaseId
    reason: Annotated[str, Meta(max_length=2000)]
    usage: TaskUsage


class Returned(Struct, frozen=True, tag="returned", forbid_unknown_fields=True):
    """The node gives the task back unfinished; it is queued again.

    The blob of `checkpoint` was uploaded before. Without one, or with one that is of no use (then
    the answer is `ok` and says why), the task goes on from the last that the market took.
    """

    lease_id: LeaseId
    checkpoint: CheckpointRef | None = None


class Saved(Struct, frozen=True, tag="saved", forbid_unknown_fields=True):
    """The node keeps the task, and leaves its state at the market in case the node is lost.

    The blob of `checkpoint` was uploaded before. A refused one changes nothing else.
    """

    lease_id: LeaseId
    checkpoint: CheckpointRef


TaskReport = Committed | Revealed | Failed | Returned | Saved


class ReportBatch(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/reports. Each report may be repeated: a known one is answered as before."""

    reports: Annotated[tuple[TaskReport, ...], Meta(max_length=256)]


class ReportAnswer(Struct, frozen=True):
    """`ok`: taken (or known). `lost`: the lease is no longer the node's. `refused`: see why.

    An `ok` with an explanation was taken in part.
    """

    lease_id: LeaseId
    outcome: Literal["ok", "lost", "refused"]
    explanation: Sentence | None = None


class ReportReply(Struct, frozen=True):
    """One answer per report, in order."""

    answers: tuple[ReportAnswer, ...]


class Verdict(Struct, frozen=True, tag="verdict"):
    """A result was judged. With `accepted`, `voucher` is the pair's newest and covers it."""

    seq: Sequence
    lease_id: LeaseId
    task_id: TaskId
    accepted: bool
    explanation: Sentence
    price_units: Units
    voucher: SignedVoucher | None
    decided_at: float


class Redemption(Struct, frozen=True, tag="redemption"):
    """The hub paid: everything up to `claimed_units` of this pair is in the payee's wallet."""

    seq: Sequence
    payer: Address
    payee: Address
    claimed_units: Units
    tx_hash: Annotated[str, Meta(max_length=80)]
    block_number: Sequence
    redeemed_at: float


Settlement = Verdict | Redemption


class SettlementPage(Struct, frozen=True):
    """GET /v1/settlements?after=SEQ&wait_s=S: this node's events with seq > after, in order."""

    settlements: tuple[Settlement, ...]
    next_after: Sequence
