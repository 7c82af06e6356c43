"""Results are judged; an accepted one is awarded in the same transaction."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from gridle.market.protocol.ids import JobId, PublicKey
from gridle.market.protocol.job_messages import TaskVerdict, VerdictBatch, VerdictReply
from gridle.market.protocol.messages import Verdict
from gridle.market.protocol.money import SignedVoucher
from gridle.market.service import bells
from gridle.market.service.domain import award
from gridle.market.service.domain import task as task_rules
from gridle.market.service.domain.attempt import Attempt, AttemptState
from gridle.market.service.domain.award import Pair
from gridle.market.service.domain.job import Job
from gridle.market.service.domain.task import Task, TaskEvent, moved
from gridle.market.service.store import attempts, jobs, money
from gridle.market.service.usecases.job_view import own_job
from gridle.market.service.usecases.market import Market
from gridle.market.service.verification import Decision


def judge(market: Market, key: PublicKey, job_id: JobId, batch: VerdictBatch) -> VerdictReply:
    """Take the requestor's verdicts; one on a result that is not asked about is void.

    Raises:
        NotFoundError: no such job, or not one of this key's payers.
    """
    counted, nodes = [], set[PublicKey]()
    with market.database.write() as connection:
        own_job(connection, key, job_id)
        for verdict in batch.verdicts:
            attempt = _asked_about(connection, job_id, verdict)
            if attempt is not None and settle(market, connection, attempt, verdict):
                counted.append(verdict.task_id)
                nodes.add(attempt.node)
    if counted:
        tell(market, nodes, {job_id})
    return VerdictReply(tuple(counted))


def judge_silence(market: Market) -> None:
    """Judge the results on which the time for a verdict has passed."""
    nodes, touched = set[PublicKey](), set[JobId]()
    with market.database.read() as connection:
        if not attempts.without_verdict(connection, market.now()):
            return
    with market.database.write() as connection:
        for attempt in attempts.without_verdict(connection, market.now()):
            if settle(market, connection, attempt, None):
                nodes.add(attempt.node)
                touched.add(attempt.task_id.partition(".")[0])
    if nodes:
        tell(market, nodes, touched)


def tell(market: Market, nodes: set[PublicKey], touched: set[JobId]) -> None:
    """Ring for everybody whom verdicts concern."""
    market.bells.ring(
        bells.WORK, bells.OWED, *map(bells.of_node, nodes), *map(bells.of_job, touched)
    )


def settle(
    market: Market, connection: Connection, attempt: Attempt, verdict: TaskVerdict | None
) -> bool:
    """Judge one revealed result inside the caller's transaction; tells whether it was decided."""
    now = market.now()
    decision = market.verification.judge(attempt, verdict, now)
    task = jobs.task(connection, attempt.task_id)
    if decision is None or task is None:
        return False
    job = jobs.get(connection, task.job_id)
    if decision.accepted:
        _accept(market, connection, job, task, attempt, decision)
    else:
        reason = verdict.reason if verdict is not None else ""
        rejected = moved(task, TaskEvent.REJECT)
        ended = task_rules.attempt_failed(rejected, job.state, reason, now)
        jobs.save_tasks(connection, [ended], job.job_id)
        attempts.save(connection, replace(attempt, state=AttemptState.REJECTED))
        money.append(
            connection,
            attempt.node,
            _event(attempt, job, decision, now, voucher=None),
        )
    return True


def _accept(
    market: Market,
    connection: Connection,
    job: Job,
    task: Task,
    attempt: Attempt,
    decision: Decision,
) -> None:
    """Award one task: state, pair, signed voucher and the node's event, or nothing at all."""
    now = market.now()
    pair = money.find_pair(connection, job.payer, attempt.payee)
    pair = award.awarded(pair or Pair(job.payer, attempt.payee, 0, 0), job.price_units)
    voucher = market.delegate.sign(pair.voucher(), market.domain)
    money.save_pair(connection, pair, voucher.signature)
    money.add_award(
        connection,
        task_id=task.task_id,
        lease_id=attempt.lease_id,
        node=attempt.node,
        pair=pair,
        price_units=job.price_units,
        now=now,
    )
    done = replace(
        moved(moved(task, TaskEvent.ACCEPT), TaskEvent.AWARD),
        cumulative_units=pair.cumulative_units,
        failure=None,
    )
    jobs.save_tasks(connection, [done], job.job_id)
    attempts.save(connection, replace(attempt, state=AttemptState.ACCEPTED))
    money.append(connection, attempt.node, _event(attempt, job, decision, now, voucher=voucher))


def _asked_about(connection: Connection, job_id: JobId, verdict: TaskVerdict) -> Attempt | None:
    if verdict.task_id.partition(".")[0] != job_id:
        return None
    attempt = attempts.open_of_task(connection, verdict.task_id)
    if attempt is None or attempt.state is not AttemptState.REVEALED:
        return None
    return attempt if attempt.result_sha256 == verdict.result_sha256 else None


def _event(
    attempt: Attempt, job: Job, decision: Decision, now: float, *, voucher: SignedVoucher | None
) -> Verdict:
    return Verdict(
        seq=0,
        lease_id=attempt.lease_id,
        task_id=attempt.task_id,
        accepted=decision.accepted,
        explanation=decision.explanation,
        price_units=job.price_units,
        voucher=voucher,
        decided_at=now,
    )
