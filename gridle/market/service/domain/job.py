"""A job at the market: what its signed order and manifest say, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from gridle.market.protocol.ids import Address, JobId, PublicKey, Sha256, Units
from gridle.market.protocol.manifest import DataClass, Isolation, Manifest, RuntimeKind
from gridle.market.protocol.money import SignedOrder
from gridle.market.protocol.states import FINAL_TASK_STATES, JobState, TaskState

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Job:
    """One job; `served` orders jobs by when a task of them was last given out."""

    job_id: JobId
    payer: Address
    client_key: PublicKey
    order_digest: str
    order_json: str
    manifest_sha256: Sha256
    name: str
    title: str
    runtime: RuntimeKind
    price_units: Units
    task_count: int
    reference_s: float
    memory_bytes: int
    cores: int
    output_max_bytes: int
    output_max_files: int
    verdict_timeout_s: float
    state: JobState
    version: int
    served: int
    created_at: float
    deadline_at: float
    gpus: int = 0
    gpu_memory_bytes: int = 0
    isolation: Isolation = "any"
    needs_network: bool = False
    data_class: DataClass = "public"
    checkpoint_max_bytes: int = 0
    """0: its tasks save no state."""

    @property
    def budget_units(self) -> Units:
        """What the job costs when every task is accepted once."""
        return self.price_units * self.task_count

    @property
    def rate_units_per_core_hour(self) -> Fraction:
        """What a reference core earns here in an hour."""
        return self.price_units * _SECONDS_PER_HOUR / Fraction(self.reference_s)


def new_job(
    job_id: JobId,
    client_key: PublicKey,
    order: SignedOrder,
    order_digest: str,
    order_json: str,
    manifest: Manifest,
    now: float,
) -> Job:
    """Return the open job that a checked order and its manifest make."""
    return Job(
        job_id=job_id,
        payer=order.order.payer,
        client_key=client_key,
        order_digest=order_digest,
        order_json=order_json,
        manifest_sha256=order.order.manifest_sha256,
        name=manifest.name,
        title=manifest.title,
        runtime=manifest.runtime_kind,
        price_units=manifest.price_units,
        task_count=len(manifest.tasks),
        reference_s=manifest.resources.reference_s,
        memory_bytes=manifest.resources.memory_bytes,
        cores=manifest.resources.cores,
        output_max_bytes=manifest.resources.output_max_bytes,
        output_max_files=manifest.resources.output_max_files,
        verdict_timeout_s=manifest.verification.verdict_timeout_s,
        state=JobState.OPEN,
        version=1,
        served=0,
        created_at=now,
        deadline_at=now + manifest.deadline_s,
        gpus=manifest.resources.gpus,
        gpu_memory_bytes=manifest.resources.gpu_memory_bytes,
        isolation=manifest.isolation,
        needs_network=bool(manifest.network_allow),
        data_class=manifest.data_class,
        checkpoint_max_bytes=manifest.checkpoint.max_bytes if manifest.checkpoint else 0,
    )


def unfinished(counts: Mapping[TaskState, int]) -> int:
    """Return how many of the counted tasks can still cost or change something."""
    return sum(n for state, n in counts.items() if state not in FINAL_TASK_STATES)


def state_after(state: JobState, counts: Mapping[TaskState, int]) -> JobState:
    """Return the job's state once its tasks stand like this: finished when none is left."""
    if state is JobState.OPEN and unfinished(counts) == 0:
        return JobState.FINISHED
    return state
