"""What a practice run paid: the JSON object of `gridle practice --json`, and how it is found."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from gridle.market.protocol.ids import Address, Sha256, TaskId
from gridle.market.protocol.job_messages import JobDetail, TaskStatus
from gridle.market.protocol.manifest import RuntimeKind


class PaidTask(Struct, frozen=True):
    """One task whose price is in the provider's wallet on the chain."""

    id: TaskId
    job: str
    runtime: RuntimeKind
    state: str
    price_units: int
    cpu_s: float
    wall_s: float
    result_sha256: Sha256


class WalletChange(Struct, frozen=True):
    """The provider's token balance on the chain, before and after the run."""

    address: Address
    before_units: int
    after_units: int


class ChainPlace(Struct, frozen=True):
    """Where anybody can check the balances."""

    rpc_url: str
    hub: Address
    token: Address


class RedemptionRecord(Struct, frozen=True):
    """One payment by the hub, as its event on the chain says."""

    tx_hash: str
    block_number: int
    paid_units: int


class PracticeReport(Struct, frozen=True):
    """The whole answer."""

    tasks: tuple[PaidTask, ...]
    wallet: WalletChange
    redemptions: tuple[RedemptionRecord, ...]
    chain: ChainPlace
    seconds_to_first_paid: float


def paid_tasks(
    jobs: Iterable[JobDetail], payee: Address, claimed_before: int, claimed_after: int
) -> tuple[PaidTask, ...]:
    """Return the tasks that the hub paid for between two readings of its claimed amount.

    A voucher is cumulative: a task is paid once the pair's claimed amount has reached the
    cumulative amount of the voucher that first included it.
    """
    return tuple(
        _paid_task(detail, task)
        for detail in jobs
        for task in detail.tasks
        if task.payee == payee
        and task.cumulative_units is not None
        and claimed_before < task.cumulative_units <= claimed_after
    )


def _paid_task(detail: JobDetail, task: TaskStatus) -> PaidTask:
    usage = task.usage
    return PaidTask(
        id=task.task_id,
        job=detail.status.name,
        runtime=detail.status.runtime,
        state="paid",
        price_units=detail.status.price_units,
        cpu_s=usage.cpu_s if usage else 0.0,
        wall_s=usage.wall_s if usage else 0.0,
        result_sha256=task.result_sha256 or "",
    )
