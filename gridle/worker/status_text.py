"""The worker's state as lines for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gridle.worker.ipc.messages import Earnings, WorkerState
from gridle.worker.policy.consent import Ruling
from gridle.worker.state_words import electricity, end_of, other_reasons


def status_lines(state: WorkerState, now: datetime) -> Iterator[str]:
    """Yield the lines of `gridle worker status`, times as the clock at `now`'s place shows them."""
    end = end_of(state.reason, now)
    until = f" {end}" if end is not None else ""
    yield f"{state.activity.value}: {state.reason.sentence}{until}"
    for reason in other_reasons(state):
        yield f"  also: {reason.sentence}"
    for task in state.tasks:
        done = "" if task.progress is None else f" {task.progress:.0%}"
        yield f"  {task.task_id}  {task.title}  [{task.runtime}, {task.state.value}{done}]"
    for job in state.jobs:
        if job.ruling is Ruling.ASK:
            yield f"  asks: {job.job_id} “{job.title}” - see `gridle worker jobs`"
    yield _money(state)
    power = electricity(state)
    if power is not None:
        yield str(power)
    link = "connected" if state.market.connected else "not connected"
    note = f" - {state.market.note}" if state.market.note else ""
    yield f"market {state.market.url}: {link}{note}"
    for runtime in state.runtimes:
        yield f"{runtime.kind}: {'works' if runtime.works else 'does not work'} - {runtime.note}"
    for warning in state.warnings:
        yield f"note: {warning}"


def _money(state: WorkerState) -> str:
    chain = state.market.chain
    decimals, symbol = (chain.token_decimals, chain.token_symbol) if chain else (0, "units")
    play = " (play money)" if chain and chain.is_play_money else ""
    earnings: Earnings = state.earnings

    def said(units: int) -> str:
        if decimals == 0:
            return str(units)
        return f"{units // 10**decimals}.{units % 10**decimals:0{decimals}d}"

    return (
        f"pending {said(earnings.pending_units)}, earned {said(earnings.earned_units)}, "
        f"paid {said(earnings.paid_units)}, today {said(earnings.today_units)} {symbol}{play} "
        f"to {state.payout_address}; {earnings.tasks_done} tasks accepted"
    )
