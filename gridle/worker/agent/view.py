"""The worker's state as a person sees it, made from what the agent knows. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gridle.market.protocol.ids import Address
from gridle.market.protocol.sentence import Sentence
from gridle.worker.agent import sentences
from gridle.worker.agent.roster import LiveTask
from gridle.worker.ipc.messages import (
    Activity,
    Earnings,
    JobView,
    MarketView,
    PublisherView,
    RuntimeView,
    TaskView,
    WorkerState,
    WorkerTaskState,
)
from gridle.worker.ledger.energy import EnergyTotals
from gridle.worker.policy.allowance import NO_NEW_WORK, Allowance, Reason, ReasonCode
from gridle.worker.policy.limits import Limits
from gridle.worker.policy.power_price import PowerPrice
from gridle.worker.policy.readings import Gpu
from gridle.worker.policy.sentences import BELOW_FLOOR

_GETTING_READY = (WorkerTaskState.OFFERED, WorkerTaskState.FETCHING, WorkerTaskState.READY)
_ALMOST_DONE = 0.99


@dataclass(frozen=True)
class Facts:
    """What a view is made of."""

    allowance: Allowance
    tasks: tuple[TaskView, ...]
    earnings: Earnings
    limits: Limits
    market: MarketView
    runtimes: tuple[RuntimeView, ...]
    gpus: tuple[Gpu, ...]
    payout_address: Address
    cores: int
    memory_bytes: int
    warnings: tuple[Sentence, ...]
    electricity: ElectricityNow
    jobs: tuple[JobView, ...]
    publishers: tuple[PublisherView, ...]
    waits_for_price: bool
    """There are tasks, and each of them waits for electricity to cost less."""


@dataclass(frozen=True)
class ElectricityNow:
    """What the tasks' electricity is and costs; None where the owner told no price."""

    power_w: float | None
    price: PowerPrice | None
    currency: str
    today: EnergyTotals


def task_view(task: LiveTask) -> TaskView:
    """Show one task; its progress is an estimate, so it says all but done until it is done."""
    manifest = task.manifest
    begun = task.started_at is not None
    fraction = min(_ALMOST_DONE, task.done_cpu_s / manifest.resources.reference_s)
    if task.state is WorkerTaskState.FINISHING:
        fraction = 1.0
    shown = fraction if begun or task.state is WorkerTaskState.FINISHING else None
    if task.state is WorkerTaskState.FETCHING and task.fetched_percent is not None:
        shown = task.fetched_percent / 100
    return TaskView(
        lease_id=task.lease_id,
        task_id=task.lease.task_id,
        job_id=task.job_id,
        title=manifest.title,
        summary=manifest.summary,
        runtime=manifest.runtime_kind,
        state=task.state,
        price_units=task.lease.price_units,
        progress=shown,
        cpu_s=task.usage.cpu_s,
        started_at=task.started_at,
    )


def worker_state(facts: Facts) -> WorkerState:
    """Put together everything that a client shows."""
    activity = _activity(facts.allowance, facts.tasks)
    now = facts.electricity
    return WorkerState(
        activity=activity,
        reason=_reason(activity, facts),
        allowed_cpu_percent=facts.allowance.cpu_percent,
        allowed_cores=facts.allowance.cores,
        tasks=facts.tasks,
        earnings=facts.earnings,
        limits=facts.limits,
        market=facts.market,
        runtimes=facts.runtimes,
        gpus=facts.gpus,
        payout_address=facts.payout_address,
        machine_cores=facts.cores,
        machine_memory_bytes=facts.memory_bytes,
        warnings=facts.warnings,
        reasons=facts.allowance.reasons,
        allowed_gpu_percent=facts.allowance.gpu_percent,
        power_w=None if now.power_w is None else round(now.power_w),
        price_micros_per_kwh=None if now.price is None else now.price.micros_per_kwh,
        currency=now.currency,
        energy_today_mj=now.today.energy_mj,
        electricity_today_micros=now.today.cost_micros,
        jobs=facts.jobs,
        publishers=facts.publishers,
    )


def _activity(allowance: Allowance, tasks: Iterable[TaskView]) -> Activity:
    if allowance.reasons[0].code is ReasonCode.STOPPED_BY_OWNER:
        return Activity.STOPPED
    if not allowance.may_run:
        return Activity.PAUSED
    runs = any(task.state is WorkerTaskState.RUNNING for task in tasks)
    return Activity.WORKING if runs else Activity.WAITING


def _reason(activity: Activity, facts: Facts) -> Reason:
    decisive = facts.allowance.reasons[0]
    if activity is not Activity.WAITING:
        return decisive
    if facts.waits_for_price:
        # no time is told: the next price may be the higher one
        return Reason(ReasonCode.BELOW_FLOOR, BELOW_FLOOR)
    blocking = next((each for each in facts.allowance.reasons if each.code in NO_NEW_WORK), None)
    if blocking is not None:
        return blocking
    if any(task.state in _GETTING_READY for task in facts.tasks):
        sentence = sentences.PREPARING
    elif facts.runtimes and not any(view.works for view in facts.runtimes):
        sentence = sentences.NO_RUNTIME
    else:
        sentence = facts.market.note or sentences.LOOKING
    return Reason(decisive.code, sentence)
